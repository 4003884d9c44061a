<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Illuminate;

use Illuminate\Support\ServiceProvider;
use Rserverd\Console\Outside;

/**
 * The package's provider, for applications that list it or discover it; `rserverd artisan` registers it itself. The
 * server needs none. It does three things: config('laravels.…') has its defaults below what the application says, merged
 * at the top level only, as the package does; the commands; and app('swoole') in processes that are not the server's.
 */
class LaravelSServiceProvider extends ServiceProvider
{
    private const DEFAULTS = __DIR__ . '/../config/laravels.php';

    /**
     * Environment variables of the package's published file, for applications that never published it, or left a key of the top
     * level out: there the package's default stands, whole.
     */
    private const ENVIRONMENT = [
        'listen_ip' => 'LARAVELS_LISTEN_IP',
        'listen_port' => 'LARAVELS_LISTEN_PORT',
        'server' => 'LARAVELS_SERVER',
        'handle_static' => 'LARAVELS_HANDLE_STATIC',
        'inotify_reload' => ['enable' => 'LARAVELS_INOTIFY_RELOAD'],
        'timer' => ['enable' => 'LARAVELS_TIMER'],
        'swoole' => [
            'daemonize' => 'LARAVELS_DAEMONIZE',
            'dispatch_mode' => 'LARAVELS_DISPATCH_MODE',
            'reactor_num' => 'LARAVELS_REACTOR_NUM',
            'worker_num' => 'LARAVELS_WORKER_NUM',
            'task_worker_num' => 'LARAVELS_TASK_WORKER_NUM',
            'max_request' => 'LARAVELS_MAX_REQUEST',
            'task_max_request' => 'LARAVELS_TASK_MAX_REQUEST',
            'log_level' => 'LARAVELS_LOG_LEVEL',
            'http_compression' => 'LARAVELS_HTTP_COMPRESSION',
        ],
    ];

    /** @var array<string, mixed>|null what the application itself says: this is what the server hears; null: not asked */
    private static $given;

    public function register()
    {
        Outside::bind($this->app);
        $this->commands([LaravelSCommand::class, ListPropertiesCommand::class]);
        if (method_exists($this->app, 'configure')) {
            $this->app->configure('laravels'); // Lumen loads a file only when it is asked to
        }
        $config = $this->app->make('config');
        $given = $config->get('laravels', []);
        if (!is_array($given)) {
            return; // the server refuses it by name
        }
        self::$given = self::withEnvironment($given);
        $config->set('laravels', $given + require self::DEFAULTS);
    }

    public function boot()
    {
        $this->publishes([self::DEFAULTS => $this->app->basePath('config/laravels.php')], 'laravels');
    }

    /**
     * @param array<array-key, mixed> $given
     *
     * @return array<array-key, mixed>
     */
    public static function withEnvironment(array $given)
    {
        foreach (array_diff_key(self::ENVIRONMENT, $given) as $key => $variables) {
            $values = array_filter(array_map(env(...), (array) $variables), static fn (mixed $value): bool => $value !== null);
            if ($values !== []) {
                $given[$key] = is_array($variables) ? $values : reset($values);
            }
        }

        return $given;
    }

    /** @return array<string, mixed>|null */
    public static function given()
    {
        return self::$given;
    }
}
