<?php

declare(strict_types=1);

namespace Rserverd\Laravel;

use Closure;
use Hhxsv5\LaravelS\Illuminate\LaravelSServiceProvider;
use Illuminate\Contracts\Foundation\Application as Container;
use Illuminate\Contracts\Http\Kernel;
use Rserverd\Application;
use Rserverd\Log;
use Rserverd\Settings;
use UnexpectedValueException;

use function Rserverd\app_conf;
use function Rserverd\facts;
use function Rserverd\finish_request;
use function Rserverd\state_constant;

/**
 * A Laravel application, resident. What happens per request, in order: bind, laravels.received_request,
 * register_providers, kernel, laravels.generated_response, send, terminate; and when all that has ended, clean.
 */
final class LaravelApplication implements Application
{
    private const RECEIVED = 'laravels.received_request';

    private const GENERATED = 'laravels.generated_response';

    private ?Container $app = null;

    private Kernel $kernel;

    private object $events;

    private Cleaners $cleaners;

    private RequestFactory $requests;

    private RequestHolders $holders;

    private Emitter $emitter;

    private ?Closure $registerProviders = null;

    private string $server = '';

    public function __construct(private readonly Settings $settings)
    {
    }

    public function boot(): void
    {
        $boot = new Boot($this->settings);
        $this->app = $boot->app;
        $this->kernel = $boot->kernel;
        Warm::up($this->app);
        BootConnections::close($this->app);
        $config = $this->laravelsConfig();
        foreach ([...$this->settings->cleaners, ...array_values((array) ($config['cleaners'] ?? []))] as $class) {
            Cleaners::check($class);
        }
        app_conf(AppConf::rows($config, $this->settings->basePath));
        facts(Facts::of($this->app));
        Facts::warnStale($this->app, $this->settings->basePath);

        $this->events = $this->app->make('events');
        $this->emitter = new Emitter();
        $this->requests = new RequestFactory();
        $instances = (fn (): array => $this->instances)->call($this->app);
        $this->holders = new RequestHolders($instances, $this->app->make('request'));
        $this->cleaners = new Cleaners($this->app);
        // The first request starts where all others do.
        $this->cleaners->run();
        gc_collect_cycles();
    }

    public function bootLater(): void
    {
        facts(['framework' => 'Laravel']);
        Log::notice('boot = worker: config/laravels.php is not read, for the application boots after the fork');
    }

    public function workerStart(): void
    {
        if ($this->app === null) {
            $this->boot();
        }
        $settings = Settings::read();
        $this->server = $settings->server;
        $this->registerProviders = Providers::registrar($this->app, $settings->registerProviders);
        $kept = $settings->destroyControllers ? $settings->keptControllers : null;
        $this->cleaners->configure($settings->cleaners, $kept);
    }

    public function handle(): void
    {
        // What public/index.php defines; tools subtract it from the present.
        state_constant('LARAVEL_START', microtime(true));
        $request = $this->requests->capture();
        $this->holders->tell($request);
        $received = $this->events->hasListeners(self::RECEIVED);
        if ($received || $this->registerProviders !== null) {
            // The kernel binds it as well; without these two nobody can tell when it happened.
            $this->app->instance('request', $request);
            if ($received) {
                $this->events->dispatch(self::RECEIVED, [$request, $this->app]);
            }
            $this->registerProviders !== null && ($this->registerProviders)();
        }
        $this->emitter->begin();
        $response = $this->kernel->handle($request);
        if ($this->events->hasListeners(self::GENERATED)) {
            if ($this->server !== '') {
                $response->headers->set('Server', $this->server);
            }
            $this->events->dispatch(self::GENERATED, [$request, $response, $this->app]);
        }
        $this->emitter->send($response);
        finish_request();
        $this->kernel->terminate($request, $response);
    }

    public function clean(): void
    {
        $this->cleaners->run();
    }

    public function idle(): void
    {
    }

    /** @return array<array-key, mixed> config/laravels.php as the application evaluated it, without our own defaults */
    private function laravelsConfig(): array
    {
        $config = $this->app->make('config')->get('laravels', []);
        if (!is_array($config)) {
            throw new UnexpectedValueException('config/laravels.php must return an array; it returned '
                . get_debug_type($config));
        }

        $provided = class_exists(LaravelSServiceProvider::class, false);

        return ($provided ? LaravelSServiceProvider::given() : null) ?? $config;
    }
}
