<?php

declare(strict_types=1);

namespace Rserverd\Laravel;

use Illuminate\Contracts\Foundation\Application;
use Rserverd\Log;

/** What `rserverd info` shows of the application. */
final class Facts
{
    /** @return array<string, string> */
    public static function of(Application $app): array
    {
        return [
            'framework' => 'Laravel',
            'framework_version' => $app->version(),
            'application' => is_string($name = $app->make('config')->get('app.name')) ? $name : '',
            'environment' => (string) $app->environment(),
            'debug' => $app->make('config')->get('app.debug') ? 'on' : 'off',
            'config_cached' => self::cached($app, 'configurationIsCached'),
            'routes_cached' => self::cached($app, 'routesAreCached'),
            'events_cached' => self::cached($app, 'eventsAreCached'),
        ];
    }

    /** A cached configuration hides later edits of the file: the commonest reason why "it does not apply". */
    public static function warnStale(Application $app, string $basePath): void
    {
        $file = "$basePath/config/laravels.php";
        if (self::cached($app, 'configurationIsCached') === 'yes' && is_file($file)
            && filemtime($file) > filemtime($app->getCachedConfigPath())) {
            Log::warning('config/laravels.php is newer than the cached configuration, which holds: '
                . 'run php artisan config:cache');
        }
    }

    private static function cached(Application $app, string $asks): string
    {
        return method_exists($app, $asks) && $app->$asks() ? 'yes' : 'no';
    }
}
