<?php

declare(strict_types=1);

namespace Rserverd\Illuminate;

/** A cleaner that only restores states: those of all such cleaners are restored by one call of the engine. */
interface HasStates
{
    public function states(): States;
}
