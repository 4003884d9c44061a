<?php

declare(strict_types=1);

namespace Rserverd\Server;

use RuntimeException;
use Swoole\Coroutine;

use function Rserverd\settings;

/** A command as a child process: from its words, without a shell. What it prints goes where this process prints. */
final class Child
{
    /** Seconds between two looks at it. */
    private const LOOK = 0.2;

    /** Of this process alone: an HTTP server is not Artisan, but Artisan is. */
    private const OURS = ['APP_RUNNING_IN_CONSOLE', 'VAR_DUMPER_FORMAT'];

    /** @var array<int, self> that run, by pid */
    private static array $running = [];

    /**
     * Its status when it was last looked at: PHP tells the exit status only once.
     *
     * @var array{pid: int, running: bool, signaled: bool, termsig: int, exitcode: int}
     */
    private array $status;

    /** @param resource $process */
    private function __construct(private mixed $process)
    {
        $this->status = proc_get_status($process);
        self::$running[$this->status['pid']] = $this;
    }

    /** @param list<string> $words */
    public static function artisan(string $base, array $words): self
    {
        return self::start([PHP_BINARY, "$base/artisan", ...$words], $base);
    }

    /** @param non-empty-list<string> $command */
    public static function start(array $command, string $directory): self
    {
        // A pid file that only laravels.ini names: an Artisan finds the socket all the same.
        $environment = array_diff_key(getenv(), array_flip(self::OURS)) + ['RSERVERD_APP_SOCKET' => settings()['app_socket']];
        $process = @proc_open($command, [['file', '/dev/null', 'r'], STDOUT, STDERR], $pipes, $directory, $environment);
        if ($process === false) {
            throw new RuntimeException("cannot start $command[0]: " . (error_get_last()['message'] ?? ''));
        }

        return new self($process);
    }

    /**
     * A line as its words: quotes hold them together, and nothing else means anything.
     *
     * @return list<string>
     */
    public static function words(string $line): array
    {
        preg_match_all('/(?:[^\\s"\'\\\\]+|\\\\.|"(?:[^"\\\\]|\\\\.)*"|\'[^\']*\')+/s', $line, $found);

        return array_map(static fn (string $word): string => (string) preg_replace_callback(
            '/\'([^\']*)\'|"((?:[^"\\\\]|\\\\.)*)"|\\\\(.)/s',
            static fn (array $m): string => $m[3] ?? (isset($m[2]) ? (string) preg_replace('/\\\\(.)/s', '$1', $m[2]) : $m[1]),
            $word
        ), $found[0]);
    }

    /** In a coroutine the others go on. Its exit status; of one that was killed 128 and the signal. */
    public function wait(): int
    {
        while ($this->status['running'] && ($this->status = proc_get_status($this->process))['running']) {
            Coroutine::sleep(self::LOOK);
        }
        unset(self::$running[$this->status['pid']]);
        proc_close($this->process);

        return $this->status['signaled'] ? 128 + $this->status['termsig'] : $this->status['exitcode'];
    }

    /** The server stops: nothing of it may be left behind. */
    public static function endAll(): void
    {
        foreach (self::$running as $child) {
            proc_terminate($child->process);
        }
    }
}
