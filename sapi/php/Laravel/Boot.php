<?php

declare(strict_types=1);

namespace Rserverd\Laravel;

use Illuminate\Contracts\Console\Kernel as ConsoleKernel;
use Illuminate\Contracts\Foundation\Application;
use Illuminate\Contracts\Http\Kernel as HttpKernel;
use ReflectionProperty;
use RuntimeException;
use Rserverd\Autoload;
use Rserverd\Settings;

use function Rserverd\state_constant;

/**
 * Loads and boots a Laravel application, through the framework's contracts only.
 *
 * The console kernel boots it: unlike the HTTP kernel it loads the deferred providers too, so that no request has to,
 * and binds a request made from app.url for providers that ask for one. Nevertheless the application does not run in
 * the console: runningInConsole() is false from the start.
 */
final class Boot
{
    public readonly Application $app;

    public readonly HttpKernel $kernel;

    public function __construct(private readonly Settings $settings)
    {
        $this->environment();
        // For providers that ask; every request gives it its own value.
        state_constant('LARAVEL_START', microtime(true));
        // As under php-fpm, where public/index.php runs in its own directory.
        @chdir(is_dir($settings->documentRoot) ? $settings->documentRoot : $settings->basePath);
        $this->autoload();
        $this->app = $this->application();
        $this->kernel = $this->app->make(HttpKernel::class);
        $this->app->make(ConsoleKernel::class)->bootstrap();
    }

    /** What -e and -x of the command line say; dotenv never overrides what is there. */
    private function environment(): void
    {
        $given = ['APP_ENV' => $this->settings->environment, 'X_VERSION' => $this->settings->version];
        foreach (array_filter($given, static fn (string $value): bool => $value !== '') as $name => $value) {
            $_SERVER[$name] = $_ENV[$name] = $value;
            putenv("$name=$value");
        }
    }

    private function autoload(): void
    {
        $base = $this->settings->basePath;
        foreach (["$base/bootstrap/autoload.php", "$base/vendor/autoload.php"] as $file) {
            if (is_file($file)) {
                require_once $file;
                Autoload::toFront();

                return;
            }
        }
        throw new RuntimeException("no $base/vendor/autoload.php: has composer install been run?");
    }

    private function application(): Application
    {
        $file = $this->settings->basePath . '/bootstrap/app.php';
        if (!is_file($file)) {
            throw new RuntimeException("no $file: is laravel_base_path a Laravel application?");
        }
        $app = (static fn (): mixed => require $file)();
        // By name: the framework that is not there must not be loaded to be recognised.
        if (is_object($app) && is_a($app, 'Laravel\Lumen\Application')) {
            throw new RuntimeException("$file makes a Lumen application: serving Lumen comes in a later version");
        }
        if (!$app instanceof Application) {
            throw new RuntimeException("$file must return the application; it returned " . get_debug_type($app));
        }
        // Asked once and remembered; APP_RUNNING_IN_CONSOLE says the same where nobody looks at this property.
        if (property_exists($app, 'isRunningInConsole')) {
            (new ReflectionProperty($app, 'isRunningInConsole'))->setValue($app, false);
        }

        return $app;
    }
}
