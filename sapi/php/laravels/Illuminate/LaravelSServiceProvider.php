<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Illuminate;

use Illuminate\Support\ServiceProvider;

/**
 * The package's provider, for applications that list it or discover it. The server needs none; what is left is that
 * config('laravels.…') has its defaults below what the application says: merged at the top level only, as the package
 * does.
 */
class LaravelSServiceProvider extends ServiceProvider
{
    /** Environment variables of the package's published file, for applications that never published it. */
    private const ENVIRONMENT = [
        'listen_ip' => 'LARAVELS_LISTEN_IP',
        'listen_port' => 'LARAVELS_LISTEN_PORT',
        'server' => 'LARAVELS_SERVER',
        'handle_static' => 'LARAVELS_HANDLE_STATIC',
    ];

    /** @var array<string, mixed>|null what the application itself says: this is what the server hears; null: not asked */
    private static $given;

    public function register()
    {
        $config = $this->app->make('config');
        $given = $config->get('laravels', []);
        if (!is_array($given)) {
            return; // the server refuses it by name
        }
        foreach (self::ENVIRONMENT as $key => $variable) {
            if (!array_key_exists($key, $given) && ($value = env($variable)) !== null) {
                $given[$key] = $value;
            }
        }
        self::$given = $given;
        $config->set('laravels', $given + require __DIR__ . '/../config/laravels.php');
    }

    /** @return array<string, mixed>|null */
    public static function given()
    {
        return self::$given;
    }
}
