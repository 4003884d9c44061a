<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Illuminate\Cleaners;

use Illuminate\Container\Container;
use Rserverd\Illuminate\HasStates;
use Rserverd\Illuminate\States;

/**
 * The session manager forgets its drivers, one made while booting too: each holds somebody's session. session.store and
 * the redirector go with the container's instances.
 */
class SessionCleaner extends BaseCleaner implements HasStates
{
    /** @var States */
    private $states;

    public function __construct(Container $currentApp, Container $snapshotApp)
    {
        parent::__construct($currentApp, $snapshotApp);
        $this->states = new States();
        if ($sessions = $this->existing('session')) {
            $this->states->object($sessions, with: ['drivers' => []]);
        }
    }

    public function clean()
    {
        $this->states->restore();
    }

    public function states(): States
    {
        return $this->states;
    }
}
