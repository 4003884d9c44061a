<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Illuminate\Cleaners;

use Illuminate\Container\Container;
use Rserverd\Laravel\ObjectState;

/**
 * The session manager forgets its drivers, one made while booting too: each holds somebody's session. session.store and
 * the redirector go with the container's instances.
 */
class SessionCleaner extends BaseCleaner
{
    /** @var ObjectState|null */
    private $state;

    public function __construct(Container $currentApp, Container $snapshotApp)
    {
        parent::__construct($currentApp, $snapshotApp);
        $sessions = $this->existing('session');
        $this->state = $sessions ? new ObjectState($sessions, with: ['drivers' => []]) : null;
    }

    public function clean()
    {
        $this->state?->restore();
    }
}
