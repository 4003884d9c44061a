<?php

declare(strict_types=1);

namespace Rserverd;

use Closure;
use RuntimeException;

/** framework = callable: the entry file returns what is run per request, with the superglobals set. */
final class CallableApplication implements Application
{
    private ?Closure $handler = null;

    private ?ProcessState $process = null;

    public function __construct(private readonly Settings $settings)
    {
    }

    public function boot(): void
    {
        if (!is_file($this->settings->entry)) {
            throw new RuntimeException('framework = callable needs entry = FILE in [rserverd]; '
                . ($this->settings->entry === '' ? 'it is not set' : "there is no file {$this->settings->entry}"));
        }
        // As under php-fpm, where a script runs in its own directory.
        chdir(dirname($this->settings->entry));
        $handler = self::load($this->settings->entry);
        if (!is_callable($handler)) {
            throw new RuntimeException("{$this->settings->entry} must return a callable; it returned "
                . get_debug_type($handler));
        }
        $this->handler = Closure::fromCallable($handler);
        $this->process = new ProcessState();
        facts(['framework' => 'callable', 'entry' => $this->settings->entry]);
    }

    public function bootLater(): void
    {
        facts(['framework' => 'callable', 'entry' => $this->settings->entry]);
    }

    public function workerStart(): void
    {
        if ($this->handler === null) {
            $this->boot();
        }
    }

    public function handle(): void
    {
        ($this->handler)();
    }

    public function warm(): void
    {
        ob_start(static fn (): string => '');
        $this->handle();
    }

    public function clean(): void
    {
        $this->process->restore();
    }

    public function settleProcess(): void
    {
        $this->process?->restore();
    }

    public function idle(): void
    {
    }

    /** Without a $this that the file could see. */
    private static function load(string $file): mixed
    {
        return require $file;
    }
}
