<?php

declare(strict_types=1);

namespace Rserverd\Illuminate\Cleaners;

use Closure;
use Illuminate\Container\Container;
use Illuminate\Database\Connection;
use Rserverd\Log;

/**
 * Managers keep the drivers they make: cache stores, disks, queue connections, log channels. That is wanted, for a
 * driver may hold a connection; but one that a request made after changing its configuration must not serve the next
 * request. Runs before the configuration is restored, and costs one comparison when nobody changed it.
 *
 * Drivers that talk through a database connection are made anew by the next request: which connection that is, the configuration in
 * force decides then.
 */
final class DriversCleaner
{
    /** service => [property that holds the drivers by name, where their configuration is] */
    private const MANAGERS = [
        'cache' => ['stores', 'cache.stores'],
        'filesystem' => ['disks', 'filesystems.disks'],
        'queue' => ['connections', 'queue.connections'],
        'log' => ['channels', 'logging.channels'],
    ];

    /** service => property of its drivers that may hold a database connection */
    private const THROUGH_DATABASE = ['queue' => 'database', 'cache' => 'connection'];

    /** The configuration: the container gets this object back too. */
    private readonly object $config;

    /** @var array<array-key, mixed> */
    private readonly array $booted;

    /** @var array<string, array{string, Closure(list<array-key>): void, Closure(): array<array-key, object>}> service => path, forget, drivers */
    private array $managers = [];

    /** @var array<string, array<array-key, object>> those that boot has made */
    private array $ofBoot = [];

    private readonly ?object $db;

    /** @var array<string, true> database connections that were warned of */
    private array $warned = [];

    public function __construct(Container $app)
    {
        $this->config = $app->make('config');
        $this->booted = $this->config->all();
        $this->db = $app->bound('db') && $app->resolved('db') ? $app->make('db') : null;
        foreach (self::MANAGERS as $service => [$property, $path]) {
            if ($app->bound($service) && $app->resolved($service)
                && property_exists($manager = $app->make($service), $property)) {
                $this->managers[$service] = [
                    $path,
                    Closure::bind(function (array $names) use ($property): void {
                        $this->$property = array_diff_key($this->$property, array_flip($names));
                    }, $manager, $manager::class),
                    Closure::bind(fn (): array => $this->$property, $manager, $manager::class),
                ];
                $this->ofBoot[$service] = $this->managers[$service][2]();
            }
        }
    }

    public function clean(): void
    {
        foreach (self::THROUGH_DATABASE as $service => $property) {
            if (isset($this->managers[$service])) {
                $this->forgetThroughDatabase($service, $property);
            }
        }
        $now = $this->config->all();
        if ($now === $this->booted) {
            return;
        }
        $this->warnOfOpen(self::at($this->booted, 'database.connections'), self::at($now, 'database.connections'));
        foreach ($this->managers as [$path, $forget, $drivers]) {
            $before = self::at($this->booted, $path);
            $after = self::at($now, $path);
            if ($before !== $after) {
                $forget(array_values(array_filter(
                    array_keys($drivers()),
                    static fn (int|string $name): bool => ($before[$name] ?? null) !== ($after[$name] ?? null)
                )));
            }
        }
    }

    private function forgetThroughDatabase(string $service, string $property): void
    {
        [, $forget, $drivers] = $this->managers[$service];
        $names = [];
        foreach (array_diff_key($drivers(), $this->ofBoot[$service]) as $name => $driver) {
            $driver = method_exists($driver, 'getStore') ? $driver->getStore() : $driver;
            if (property_exists($driver, $property) && (fn (): mixed => $this->$property)->call($driver) instanceof Connection) {
                $names[] = $name;
            }
        }
        $names === [] || $forget($names);
    }

    /**
     * Under php-fpm a connection of the application's own make is made after the configuration was changed, here it may be open already, and
     * still leads to where it led. The DatabaseCleaner closes one that was made since.
     *
     * @param array<array-key, mixed> $before
     * @param array<array-key, mixed> $after
     */
    private function warnOfOpen(array $before, array $after): void
    {
        foreach ($before !== $after && $this->db ? $this->db->getConnections() : [] as $name => $connection) {
            [$was, $is] = [$before[$name] ?? null, $after[$name] ?? null];
            if ($was !== $is && is_array($is) && $connection instanceof Connection && !isset($this->warned[$name])
                && !DatabaseCleaner::leadsTo($connection, $is)) {
                $this->warned[$name] = true;
                Log::warning(sprintf('%s %s changed the configuration of the database connection %s, which was open already: that needs '
                    . 'DB::purge(\'%3$s\') to have an effect', $_SERVER['REQUEST_METHOD'] ?? '-', $_SERVER['REQUEST_URI'] ?? '-', $name));
            }
        }
    }

    /** @return array<array-key, mixed> */
    private static function at(array $config, string $path): array
    {
        foreach (explode('.', $path) as $key) {
            $config = is_array($config[$key] ?? null) ? $config[$key] : [];
        }

        return $config;
    }
}
