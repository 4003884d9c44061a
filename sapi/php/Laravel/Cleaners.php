<?php

declare(strict_types=1);

namespace Rserverd\Laravel;

use Closure;
use Hhxsv5\LaravelS\Illuminate\Cleaners as LaravelS;
use Illuminate\Container\Container;
use InvalidArgumentException;
use ReflectionClass;
use ReflectionMethod;
use Rserverd\Log;
use Rserverd\ProcessState;
use Throwable;

/**
 * All that runs after a request: the application's own cleaners, then the built-in ones. One that fails does not keep
 * the others from running.
 */
final class Cleaners
{
    /** In this order, before services are put back. */
    private const BUILT_IN = [
        LaravelS\ContainerCleaner::class,
        LaravelS\ConfigCleaner::class,
        LaravelS\CookieCleaner::class,
        LaravelS\RequestCleaner::class,
        LaravelS\SessionCleaner::class,
        LaravelS\AuthCleaner::class,
    ];

    /** Cleaners of packages: active where the package is. */
    private const OF_PACKAGES = [
        'tymon.jwt' => LaravelS\JWTCleaner::class,
        'Lavary\Menu\Menu' => LaravelS\MenuCleaner::class,
        'Encore\Admin\Admin' => LaravelS\LaravelAdminCleaner::class,
        'admin.app' => LaravelS\DcatAdminCleaner::class,
        'Tightenco\Ziggy\BladeRouteGenerator' => LaravelS\ZiggyCleaner::class,
    ];

    private readonly Container $snapshot;

    /** @var list<Closure(): void> */
    private array $builtIn = [];

    /** @var list<Closure(): void> */
    private array $steps;

    /** What is there now is what every request starts from. */
    public function __construct(private readonly Container $app)
    {
        $this->snapshot = Snapshot::of($app);
        $this->add(new Cleaners\DriversCleaner($app));
        foreach (self::BUILT_IN as $class) {
            $this->add(new $class($app, $this->snapshot));
        }
        if ($db = $this->existing('db')) {
            $this->add(new Cleaners\DatabaseCleaner($db));
        }
        if ($log = $this->existing('log')) {
            $this->add(new Cleaners\LogCleaner($log));
        }
        if ($cache = $this->existing('cache')) {
            $this->add(new Cleaners\CacheCleaner($cache));
        }
        $this->add(new Cleaners\LocaleCleaner());
        $this->add(new Cleaners\ViewCleaner($app));
        $this->add(new Cleaners\ServicesCleaner($app));
        $this->add(new Cleaners\StaticsCleaner($app));
        foreach (self::OF_PACKAGES as $sign => $class) {
            if ($app->bound($sign) || class_exists($sign)) {
                $this->add(new $class($app, $this->snapshot));
            }
        }
        $this->builtIn[] = (new ProcessState())->restore(...);
        $this->steps = $this->builtIn;
    }

    /**
     * What the configuration in force adds.
     *
     * @param list<string>      $classes the application's own cleaners
     * @param list<string>|null $kept    controllers that are not destroyed; null: none is
     */
    public function configure(array $classes, ?array $kept): void
    {
        $steps = [];
        foreach ($classes as $class) {
            if (!in_array(ltrim($class, '\\'), [...self::BUILT_IN, ...self::OF_PACKAGES], true)) {
                $steps[] = $this->own($class);
            }
        }
        if ($kept !== null && $this->app->resolved('router')) {
            $steps[] = (new Cleaners\ControllerCleaner($this->app, $kept))->clean(...);
        }
        $this->steps = [...$steps, ...$this->builtIn];
    }

    /** Refuses a class that is no cleaner; while booting, so that the mistake is seen by the one who made it. */
    public static function check(string $class): void
    {
        if (!class_exists($class)) {
            throw new InvalidArgumentException("cleaners: there is no class $class");
        }
        if (!is_subclass_of($class, LaravelS\CleanerInterface::class) || !method_exists($class, 'clean')) {
            throw new InvalidArgumentException("cleaners: $class must implement " . LaravelS\CleanerInterface::class);
        }
    }

    public function run(): void
    {
        foreach ($this->steps as $clean) {
            try {
                $clean();
            } catch (Throwable $e) {
                Log::problem('cleaning after a request', $e);
            }
        }
    }

    private function add(object $cleaner): void
    {
        $this->builtIn[] = $cleaner->clean(...);
    }

    private function existing(string $service): ?object
    {
        return $this->app->bound($service) && $this->app->resolved($service) ? $this->app->make($service) : null;
    }

    /** A cleaner of either form, see CleanerInterface. */
    private function own(string $class): Closure
    {
        self::check($class);
        $arguments = (new ReflectionClass($class))->getConstructor()?->getNumberOfParameters() ? [$this->app, $this->snapshot] : [];
        $cleaner = new $class(...$arguments);
        if ((new ReflectionMethod($cleaner, 'clean'))->getNumberOfParameters() === 0) {
            return $cleaner->clean(...);
        }
        [$app, $snapshot] = [$this->app, $this->snapshot];

        return static function () use ($cleaner, $app, $snapshot): void {
            $cleaner->clean($app, $snapshot);
        };
    }
}
