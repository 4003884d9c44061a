<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Illuminate\Cleaners;

use Illuminate\Container\Container;
use Rserverd\Illuminate\HasStates;
use Rserverd\Illuminate\States;

/** The cookie jar: what was queued and not sent, and defaults that a request set. */
class CookieCleaner extends BaseCleaner implements HasStates
{
    /** @var States */
    private $states;

    public function __construct(Container $currentApp, Container $snapshotApp)
    {
        parent::__construct($currentApp, $snapshotApp);
        $this->states = new States();
        if ($jar = $this->existing('cookie')) {
            $this->states->object($jar, with: ['queued' => []]);
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
