<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Illuminate\Cleaners;

use Illuminate\Container\Container;
use Illuminate\Contracts\Auth\Access\Gate;
use Rserverd\Illuminate\HasStates;
use Rserverd\Illuminate\States;

/**
 * The auth manager forgets its guards, for each knows a user, and which guard shouldUse() chose; the gate forgets what
 * a request defined.
 */
class AuthCleaner extends BaseCleaner implements HasStates
{
    /** @var States */
    private $states;

    public function __construct(Container $currentApp, Container $snapshotApp)
    {
        parent::__construct($currentApp, $snapshotApp);
        $this->states = new States();
        if ($auth = $this->existing('auth')) {
            // drivers: Laravel 5.1
            $this->states->object($auth, with: ['guards' => [], 'drivers' => []]);
        }
        if ($gate = $this->existing(Gate::class)) {
            $this->states->object($gate);
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
