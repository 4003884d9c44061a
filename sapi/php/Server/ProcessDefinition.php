<?php

declare(strict_types=1);

namespace Rserverd\Server;

use Hhxsv5\LaravelS\Swoole\Process\CustomProcessInterface;
use Swoole\Process;
use UnexpectedValueException;

use function Rserverd\settings;

/** One of processes, checked. */
final class ProcessDefinition
{
    /**
     * @param list<int|string>          $keys  how the application finds its processes: one a copy
     * @param array{msg_key: int, mode: int, capacity: int}|null $queue
     */
    private function __construct(
        public readonly string $class,
        public readonly string $name,
        public readonly array $keys,
        private readonly bool $redirect,
        private readonly int $pipe,
        private readonly ?array $queue,
        public readonly float $restartInterval,
    ) {
    }

    /** @param array<string, mixed> $settings */
    public static function of(int|string $key, array $settings): self
    {
        $class = $settings['class'];
        Check::implements("processes.$key", $class, CustomProcessInterface::class);
        // A key that is no name: LaravelS 3.5, whose classes name themselves.
        $name = is_int($key) ? (method_exists($class, 'getName') ? (string) $class::getName() : 'custom') : $key;
        $keys = [$key];
        if ($settings['num'] > 1) {
            $keys = array_map(static fn (int $i): string => $key . $i, range(0, $settings['num'] - 1));
        }

        return new self($class, $name, $keys, $settings['redirect'], $settings['pipe'], self::queue((string) $key, $settings['queue']),
            (float) $settings['restart_interval']);
    }

    /**
     * Without a key: one that is this server's and this process's alone, and the same after a reload or a restart, so that
     * nothing that waits is lost.
     *
     * @param array<string, mixed>|null $queue
     *
     * @return array{msg_key: int, mode: int, capacity: int}|null
     */
    private static function queue(string $name, ?array $queue): ?array
    {
        if ($queue === null) {
            return null;
        }
        $queue += ['msg_key' => 0, 'mode' => 2, 'capacity' => -1];
        $s = settings();
        $own = crc32(($s['pid_file'] ?: $s['base_path']) . "\0" . $name) & 0x7fffffff ?: 1;

        // Keys have 32 bits; useQueue() takes one below 0 for none.
        return ['msg_key' => (int) $queue['msg_key'] & 0xffffffff ?: $own, 'mode' => (int) $queue['mode'],
            'capacity' => (int) $queue['capacity']];
    }

    /** @param callable(Process): void $run */
    public function make(callable $run): Process
    {
        $process = new Process($run, $this->redirect, $this->pipe, true);
        if ($this->queue !== null) {
            if (!$process->useQueue($this->queue['msg_key'], $this->queue['mode'], $this->queue['capacity'])) {
                throw new UnexpectedValueException("the message queue of process $this->name cannot be made");
            }
        }

        return $process;
    }
}
