<?php

declare(strict_types=1);

namespace Rserverd\Illuminate;

use Closure;
use Hhxsv5\LaravelS\Illuminate\Cleaners as LaravelS;
use Illuminate\Container\Container;
use Illuminate\Routing\RouteCollection;
use InvalidArgumentException;
use ReflectionClass;
use ReflectionMethod;
use Rserverd\Log;
use Rserverd\ProcessState;
use Throwable;

use function Rserverd\one_request;
use function Rserverd\state_restore;

/**
 * All that runs after a request: the application's own cleaners, then the built-in ones. One that fails does not keep
 * the others from running.
 */
final class Cleaners
{
    /** In this order. */
    private const BUILT_IN = [
        LaravelS\ContainerCleaner::class,
        LaravelS\ConfigCleaner::class,
        LaravelS\CookieCleaner::class,
        LaravelS\RequestCleaner::class,
        LaravelS\SessionCleaner::class,
        LaravelS\AuthCleaner::class,
    ];

    /** Of services that were made while booting; each gets its service. */
    private const OF_SERVICES = [
        'view' => Cleaners\FinderCleaner::class,
        'db' => Cleaners\DatabaseCleaner::class,
        'log' => Cleaners\LogCleaner::class,
        'cache' => Cleaners\CacheCleaner::class,
    ];

    /** Cleaners of packages: active where the package is. */
    private const OF_PACKAGES = [
        'tymon.jwt' => LaravelS\JWTCleaner::class,
        'Lavary\Menu\Menu' => LaravelS\MenuCleaner::class,
        'Encore\Admin\Admin' => LaravelS\LaravelAdminCleaner::class,
        'admin.app' => LaravelS\DcatAdminCleaner::class,
        'Tightenco\Ziggy\BladeRouteGenerator' => LaravelS\ZiggyCleaner::class,
    ];

    /** Made where a cleaner that is not ours will look at it: a hundred objects that nobody else knows. */
    private ?Container $snapshot;

    /** @var list<Closure(): void> */
    private array $builtIn = [];

    private readonly ProcessState $process;

    /** @var list<Closure(): void> */
    private array $steps;

    /** @var list<Closure(): void> the application's own */
    private array $own = [];

    private ?Cleaners\DatabaseCleaner $database = null;

    /** @var list<Closure(): void> what has an effect outside of this process: buffered log lines are written, transactions are undone */
    private array $outward = [];

    /**
     * What is there now is what every request starts from.
     *
     * @param bool $providersBoot in every request, see ProviderClasses
     * @param bool $own           configure() will name cleaners of the application's own
     */
    public function __construct(private readonly Container $app, bool $providersBoot, bool $own = true)
    {
        $packages = array_filter(
            self::OF_PACKAGES,
            static fn (string $sign): bool => $app->bound($sign) || class_exists($sign),
            ARRAY_FILTER_USE_KEY,
        );
        $this->snapshot = $own || $packages !== [] ? Snapshot::of($app) : null;
        // Stands in the manager before its properties are remembered.
        $app->bound('db') && $app->resolved('db') && OpenConnections::of($app->make('db'));
        // Makes its connections watched before the manager's properties are remembered.
        $redis = Redis\Watch::of($app);
        // Looks at the configuration before it goes back.
        $this->add(new Cleaners\DriversCleaner($app));
        $this->addStates([
            ...array_map(fn (string $class): HasStates => new $class($app, $this->snapshot ?? $app), self::BUILT_IN),
            new Cleaners\LocaleCleaner(),
            new Cleaners\ViewCleaner($app),
            new Cleaners\ServicesCleaner($app),
            new Cleaners\StaticsCleaner($app),
            ...($providersBoot ? [new Cleaners\ProvidersCleaner($app)] : []),
        ]);
        foreach (self::OF_SERVICES as $service => $class) {
            if ($app->bound($service) && $app->resolved($service)) {
                $this->add($cleaner = new $class($app->make($service)));
                if ($cleaner instanceof Cleaners\DatabaseCleaner) {
                    $this->database = $cleaner;
                }
                if ($service === 'db' || $service === 'log') {
                    $this->outward[] = end($this->builtIn);
                }
            }
        }
        if ($redis !== null) {
            $this->builtIn[] = $redis;
        }
        $this->add(new Cleaners\MemoryCleaner($providersBoot));
        foreach ($packages as $class) {
            $this->add(new $class($app, $this->snapshot));
        }
        $this->process = new ProcessState();
        $this->builtIn[] = $this->process->restore(...);
        $this->steps = $this->builtIn;
    }

    /** What destructors have changed in PHP itself since run(). */
    public function settleProcess(): void
    {
        $this->process->restore();
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
        if ($kept !== null && $this->app->resolved('router')
            && get_debug_type($this->app->make('router')->getRoutes()) === RouteCollection::class) {
            $steps[] = (new Cleaners\ControllerCleaner($this->app, $kept))->clean(...);
        }
        $this->own = $steps;
        $this->steps = [...$steps, ...$this->builtIn];
    }

    /** A request or event begins. */
    public function begin(): void
    {
        $this->database?->begin();
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
        // A process that ends now has no next request to clean for.
        foreach (one_request() ? [...$this->own, ...$this->outward] : $this->steps as $clean) {
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

    /** @param list<HasStates> $cleaners restored together, in this order */
    private function addStates(array $cleaners): void
    {
        $sets = array_map(static fn (HasStates $cleaner): int => $cleaner->states()->set, $cleaners);
        $this->builtIn[] = static function () use ($sets): void {
            state_restore(...$sets);
        };
        foreach ($cleaners as $cleaner) {
            if ($cleaner instanceof LaravelS\ConfigCleaner && ($rest = $cleaner->afterStates()) !== null) {
                $this->builtIn[] = $rest;
            }
        }
    }

    /** A cleaner of either form, see CleanerInterface. */
    private function own(string $class): Closure
    {
        self::check($class);
        $this->snapshot ??= Snapshot::of($this->app);
        $takes = (int) (new ReflectionClass($class))->getConstructor()?->getNumberOfParameters();
        $cleaner = $takes > 0 ? new $class($this->app, $this->snapshot) : new $class();
        if ((new ReflectionMethod($cleaner, 'clean'))->getNumberOfParameters() === 0) {
            return $cleaner->clean(...);
        }
        [$app, $snapshot] = [$this->app, $this->snapshot];

        return static function () use ($cleaner, $app, $snapshot): void {
            $cleaner->clean($app, $snapshot);
        };
    }
}
