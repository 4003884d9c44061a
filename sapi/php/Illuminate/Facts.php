<?php

declare(strict_types=1);

namespace Rserverd\Illuminate;

use Illuminate\Container\Container;
use Rserverd\Log;
use Rserverd\Settings;

/** What `rserverd info` shows of the application. */
final class Facts
{
    /** @return array<string, string> */
    public static function of(Framework $framework): array
    {
        $app = $framework->app();

        return [
            'laravels' => '3.5 to 3.7',
            'framework' => $framework->name(),
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
    public static function warnStale(Container $app, string $basePath): void
    {
        $file = "$basePath/config/laravels.php";
        if (self::cached($app, 'configurationIsCached') === 'yes' && is_file($file)
            && filemtime($file) > filemtime($app->getCachedConfigPath())) {
            Log::warning('config/laravels.php is newer than the cached configuration, which holds: '
                . 'run php artisan config:cache');
        }
    }

    /** boot = worker: what the object will be is not known yet, but the file that makes it names its class. */
    public static function guess(Settings $settings): string
    {
        $lumen = str_contains((string) @file_get_contents("$settings->basePath/bootstrap/app.php"), 'Laravel\\Lumen\\');

        return $lumen ? 'Lumen' : 'Laravel';
    }

    private static function cached(Container $app, string $asks): string
    {
        return method_exists($app, $asks) && $app->$asks() ? 'yes' : 'no';
    }
}
