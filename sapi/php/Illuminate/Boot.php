<?php

declare(strict_types=1);

namespace Rserverd\Illuminate;

use Closure;
use Illuminate\Container\Container;
use Illuminate\Contracts\Foundation\Application;
use RuntimeException;
use Rserverd\Autoload;
use Rserverd\Laravel\LaravelFramework;
use Rserverd\Lumen\Failures;
use Rserverd\Lumen\LumenFramework;
use Rserverd\Settings;

use function Rserverd\state_constant;

/** Loads a Laravel or Lumen application and boots it. Which of the two it is shows the object that bootstrap/app.php returns. */
final class Boot
{
    public readonly Framework $framework;

    /** @param Closure(Container): ?ProviderClasses $configured see Framework::boot() */
    public function __construct(private readonly Settings $settings, Closure $configured)
    {
        $this->environment();
        // For providers that ask; every request gives it its own value.
        state_constant('LARAVEL_START', microtime(true));
        // As under php-fpm, where public/index.php runs in its own directory.
        @chdir(is_dir($settings->documentRoot) ? $settings->documentRoot : $settings->basePath);
        self::autoload($settings->basePath);
        if ($settings->environment !== '' && class_exists(LumenFramework::APPLICATION)) {
            LumenFramework::environment($settings->basePath, $settings->environment);
        }
        Failures::registerFatal();
        $this->framework = $this->framework();
        $framework = $this->framework;
        $framework->boot(static fn () => $configured($framework->app()));
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

    /** The application's classes; nothing of it runs. */
    public static function autoload(string $base): void
    {
        foreach (["$base/bootstrap/autoload.php", "$base/vendor/autoload.php"] as $file) {
            if (is_file($file)) {
                require_once $file;
                Autoload::toFront();

                return;
            }
        }
        throw new RuntimeException("no $base/vendor/autoload.php: has composer install been run?");
    }

    private function framework(): Framework
    {
        $file = $this->settings->basePath . '/bootstrap/app.php';
        if (!is_file($file)) {
            throw new RuntimeException("no $file: is laravel_base_path a Laravel or Lumen application?");
        }
        $app = (static fn (): mixed => require $file)();
        // By name: the framework that is not there must not be loaded to be recognised.
        $framework = match (true) {
            is_object($app) && is_a($app, LumenFramework::APPLICATION) => new LumenFramework($app),
            $app instanceof Application => new LaravelFramework($app),
            default => throw new RuntimeException("$file must return the application; it returned "
                . get_debug_type($app)),
        };
        $wanted = $this->settings->framework;
        if ($wanted !== 'auto' && $wanted !== strtolower($framework->name())) {
            throw new RuntimeException("framework = $wanted, but $file makes a {$framework->name()} application");
        }

        return $framework;
    }
}
