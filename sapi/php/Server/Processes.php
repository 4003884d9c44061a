<?php

declare(strict_types=1);

namespace Rserverd\Server;

use Swoole\Process;
use Swoole\Server;

use function Rserverd\title_user_process;

/** Processes of the application's own, and the timer's: the server starts them, and again when they end. */
final class Processes
{
    /** @var array<array-key, Process> */
    private static array $custom = [];

    private int $count = 0;

    public function __construct(private readonly Hosted $host, private readonly Server $server)
    {
    }

    /** @return array<array-key, Process> */
    public static function all(): array
    {
        return self::$custom;
    }

    public function add(Process $process, string $title): void
    {
        $this->server->addProcess($process);
        title_user_process($this->count++, $title);
    }

    /** @param array<array-key, array<string, mixed>> $processes */
    public function custom(array $processes): void
    {
        self::$custom = [];
        foreach ($processes as $key => $settings) {
            if ($settings['enable']) {
                $definition = ProcessDefinition::of($key, $settings);
                $runner = new CustomProcess($this->host, $this->server, $definition);
                foreach ($definition->keys as $name) {
                    self::$custom[$name] = $definition->make($runner->run(...));
                    $this->add(self::$custom[$name], $definition->name);
                }
            }
        }
        // A plain list, as LaravelS 3.5 has it, stays one.
        if (array_filter(array_keys(self::$custom), is_string(...)) === []) {
            self::$custom = array_values(self::$custom);
        }
        $this->server->customProcesses = self::$custom;
    }
}
