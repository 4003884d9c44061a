<?php

declare(strict_types=1);

namespace Rserverd\Illuminate;

use WeakReference;

/**
 * What is known of objects that requests make and that stay. As a WeakMap, which a snapshot would put back with all others; this is the
 * server's own.
 */
final class Notes
{
    /** @var array<int, array{WeakReference<object>, mixed}> by the id of the object */
    private array $notes = [];

    public function has(object $of): bool
    {
        $note = $this->notes[spl_object_id($of)] ?? null;

        return $note !== null && $note[0]->get() === $of;
    }

    public function of(object $of): mixed
    {
        return $this->has($of) ? $this->notes[spl_object_id($of)][1] : null;
    }

    public function set(object $of, mixed $value): void
    {
        $this->notes = array_filter($this->notes, static fn (array $note): bool => $note[0]->get() !== null);
        $this->notes[spl_object_id($of)] = [WeakReference::create($of), $value];
    }
}
