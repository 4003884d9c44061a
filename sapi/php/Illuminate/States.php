<?php

declare(strict_types=1);

namespace Rserverd\Illuminate;

use function Rserverd\state_keep;
use function Rserverd\state_new;
use function Rserverd\state_restore;

/**
 * Properties of objects, and static ones of classes, as they were when they were added here, and the way back to them.
 *
 * The engine keeps them (sapi/php_state.c): a restored property that nobody changed costs a nanosecond, so whole
 * services are put back without asking what a request did to them. Objects that a property refers to are put back as
 * references; their own properties are not looked at. Properties that no class declares are not kept.
 */
final class States
{
    /** The engine's number of this set. */
    public readonly int $set;

    public function __construct()
    {
        $this->set = state_new();
    }

    /**
     * @param list<string>         $except properties that keep what requests put there: caches
     * @param array<string, mixed> $with   values to go to instead of the present ones; unknown names are ignored
     */
    public function object(object $object, array $except = [], array $with = []): self
    {
        state_keep($this->set, $object, $except, $with);

        return $this;
    }

    /**
     * The static properties that the class itself declares.
     *
     * @param class-string         $class
     * @param list<string>         $except
     * @param array<string, mixed> $with
     */
    public function class(string $class, array $except = [], array $with = []): self
    {
        state_keep($this->set, $class, $except, $with);

        return $this;
    }

    /** True: something had changed. */
    public function restore(): bool
    {
        return state_restore($this->set);
    }
}
