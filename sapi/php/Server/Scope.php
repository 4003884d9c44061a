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

    /**
     * @param Closure(): void $start what every scope begins with
     * @param Closure(): void $clean what it ends with
     */
    public function __construct(private readonly Closure $start, private readonly Closure $clean)
    {
    }

    /** Of everything but requests and closing(). */
    public function begin(): void
    {
        $this->request();
        ($this->start)();
    }

    /** Of a request: the application starts it, when it knows the request. */
    public function request(): void
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
        $this->close($do);
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
            $this->close(array_shift($this->later));
            $this->finish();
        }
        $this->busy = false;
    }

    /** What has to be forgotten with a connection is, also when the scope cannot begin. */
    private function close(Closure $do): void
    {
        Calls::guarded('the beginning of an event', $this->start);
        $do();
    }

    private function finish(): void
    {
        while ($this->ends !== []) {
            Calls::guarded('the end of an event', array_pop($this->ends));
        }
        ($this->clean)();
    }
}
