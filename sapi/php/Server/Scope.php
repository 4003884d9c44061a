<?php

declare(strict_types=1);

namespace Rserverd\Server;

use Closure;

/**
 * The time in which one request, event or task runs; at its end nothing of it is left. Ends are the engine's to say, for
 * they come after exit() too.
 */
final class Scope
{
    private bool $busy = false;

    /** @var list<Closure> before it is cleaned */
    private array $ends = [];

    /** @var list<Closure> scopes of their own, after this one */
    private array $later = [];

    /** @param Closure(): void $clean */
    public function __construct(private readonly Closure $clean)
    {
    }

    /** Of everything but closing(). */
    public function begin(): void
    {
        if ($this->busy) {
            $this->end(); // an exit() while it ended
        }
        $this->busy = true;
    }

    /** The end of a connection comes while something else runs, if that closed it: then it has to wait. */
    public function closing(Closure $do): void
    {
        if ($this->busy) {
            $this->later[] = $do;

            return;
        }
        $this->busy = true;
        $do();
    }

    /** However the scope ends. */
    public function atEnd(Closure $do): void
    {
        $this->ends[] = $do;
    }

    /** What began no scope leaves nothing to clean: the engine says the end of every event, of a worker's start too. */
    public function end(): void
    {
        if (!$this->busy) {
            return;
        }
        $this->finish();
        while ($this->later !== []) {
            array_shift($this->later)();
            $this->finish();
        }
        $this->busy = false;
    }

    private function finish(): void
    {
        while ($this->ends !== []) {
            Calls::guarded('the end of an event', array_pop($this->ends));
        }
        ($this->clean)();
    }
}
