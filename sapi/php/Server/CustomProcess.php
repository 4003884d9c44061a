<?php

declare(strict_types=1);

namespace Rserverd\Server;

use Closure;
use Rserverd\Log;
use Swoole\Coroutine;
use Swoole\Process;
use Swoole\Runtime;
use Swoole\Server;

/**
 * The life of a custom process. SIGUSR1, for a reload, and SIGTERM, for a stop, reach the class also while callback()
 * blocks. When callback() returns, the process ends, and the server starts it again.
 */
final class CustomProcess
{
    private bool $leaving = false;

    private bool $pausing = false;

    public function __construct(
        private readonly Hosted $host,
        private readonly Server $server,
        private readonly ProcessDefinition $definition,
    ) {
    }

    public function run(Process $process): void
    {
        $class = $this->definition->class;
        $ready = Calls::guarded("start of process {$this->definition->name}", $this->host->workerStart(...));
        Process::signal(SIGUSR1, fn () => $this->leave($process, fn () => $class::onReload($this->server, $process)));
        if (method_exists($class, 'onStop')) {
            Process::signal(SIGTERM, fn () => $this->leave($process, fn () => $class::onStop($this->server, $process)));
        }
        Runtime::enableCoroutine();
        if ($ready && Calls::guarded("start of process {$this->definition->name}", $this->host->scope()->begin(...))) {
            Calls::inProcess("process {$this->definition->name}", $process, fn () => $class::callback($this->server, $process));
        }
        $this->host->clean();
        if (!$this->leaving) {
            Log::notice("process {$this->definition->name}: callback() of $class has returned; it is called again, in a "
                . "new process, in {$this->definition->restartInterval} s");
            $this->pausing = true;
            $this->definition->restartInterval > 0 && Coroutine::sleep($this->definition->restartInterval);
        }
        // Timers and coroutines that callback() has left behind end with it.
        $process->exit(0);
    }

    private function leave(Process $process, Closure $tell): void
    {
        $this->leaving = true;
        Calls::inProcess("process {$this->definition->name}", $process, $tell);
        $this->pausing && $process->exit(0);
    }
}
