<?php

declare(strict_types=1);

namespace Rserverd\Illuminate;

use Closure;
use Hhxsv5\LaravelS\Illuminate\LaravelSServiceProvider;
use Illuminate\Container\Container;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Facade;
use Rserverd\Log;
use Rserverd\Server\Hosted;
use Rserverd\Server\Hosting;
use Rserverd\Server\Scope;
use Rserverd\Settings;
use Symfony\Component\HttpFoundation\Response;
use Throwable;
use UnexpectedValueException;

use function Rserverd\app_conf;
use function Rserverd\doctor_on;
use function Rserverd\doctor_routes;
use function Rserverd\facts;
use function Rserverd\finish_request;
use function Rserverd\settings;
use function Rserverd\route;
use function Rserverd\state_constant;
use function Rserverd\where;

/**
 * A Laravel or Lumen application, resident. What happens per request, in order: bind, laravels.received_request,
 * register_providers, kernel, laravels.generated_response, send, terminate; and when all that has ended, clean.
 */
final class ResidentApplication implements Hosted
{
    private const RECEIVED = 'laravels.received_request';

    private const GENERATED = 'laravels.generated_response';

    private ?Container $app = null;

    private Framework $framework;

    private object $events;

    private Cleaners $cleaners;

    private RequestFactory $requests;

    private RequestHolders $holders;

    private Emitter $emitter;

    private ?Closure $registerProviders = null;

    /** @var Closure(): void|null isolation = simple: boots the providers that boot in every request and event */
    private ?Closure $bootProviders = null;
    /** The one that runs, or has run last. */
    private ?Request $request = null;

    private string $server = '';

    private readonly Scope $scope;

    private readonly Hosting $hosting;

    /** @var array<array-key, mixed>|null config/laravels.php as the server knows it */
    private ?array $taken = null;

    public function __construct(private readonly Settings $settings)
    {
        $this->scope = new Scope($this->begin(...), function (): void {
            if (isset($this->cleaners)) {
                $this->cleaners->run();
                $this->holders->forget();
            }
        });
        $this->hosting = new Hosting($this);
    }

    public function boot(): void
    {
        $this->framework = (new Boot($this->settings, $this->configured(...)))->framework;
        $this->app = $this->framework->app();
        $this->bootProviders = $this->framework->booter();
        Warm::up($this->framework, $this->bootProviders !== null);
        $this->warnOfChanges();
        foreach (Settings::read()->cleaners as $class) {
            Cleaners::check($class);
        }
        array_map(Providers::check(...), Settings::read()->registerProviders);
        if (where() === 'manager') {
            $this->complete();
        }
        BootConnections::close($this->app);
        facts(Facts::of($this->framework));
        Facts::warnStale($this->app, $this->settings->basePath);

        $this->events = $this->app->make('events');
        $this->emitter = new Emitter();
        $this->requests = new RequestFactory($this->framework->requestClass());
        $instances = (fn (): array => $this->instances)->call($this->app);
        $this->holders = new RequestHolders($instances, $this->app->make('request'));
        $this->cleaners = new Cleaners($this->app, $this->bootProviders !== null, Settings::read()->cleaners !== []);
        // The first request starts where all others do.
        $this->cleaners->run();
        gc_collect_cycles();
    }

    public function bootLater(): void
    {
        facts(['framework' => Facts::guess($this->settings)]);
        Log::notice('boot = worker: config/laravels.php is not read, for the application boots after the fork');
        // Its classes may be looked at; nothing of it runs.
        Boot::autoload($this->settings->basePath);
        ProviderClasses::of($this->settings);
        $this->hosting->make();
        $this->hosting->complete(false);
    }

    public function workerStart(): void
    {
        if ($this->app === null) {
            $this->boot();
        }
        $this->configure();
        doctor_on() && doctor_routes(PlainRoutes::of($this->app));
    }

    public function settle(): void
    {
        $this->cleaners = new Cleaners($this->app, $this->bootProviders !== null, Settings::read()->cleaners !== []);
        $this->configure();
    }

    public function handle(): void
    {
        $this->scope->request();
        $this->cleaners->begin();
        // What public/index.php defines; tools subtract it from the present.
        state_constant('LARAVEL_START', microtime(true));
        $this->request = $request = $this->requests->capture();
        $this->emitter->begin();
        $response = $this->respond($request);
        $this->emitter->send($response);
        finish_request();
        $this->framework->terminate($request, $response);
    }

    public function warm(): void
    {
        $this->scope->request();
        $this->cleaners->begin();
        state_constant('LARAVEL_START', microtime(true));
        $printed = '';
        try {
            [$request, $response] = $this->route($printed);
            if ($response->getStatusCode() >= 500) {
                Log::warning("warm_up: {$request->getRequestUri()} was answered with {$response->getStatusCode()}");
            }
        } finally {
            BootConnections::close($this->app);
        }
    }

    public function app(): Container
    {
        return $this->app;
    }

    public function scope(): Scope
    {
        return $this->scope;
    }

    public function route(string &$printed): array
    {
        $request = $this->requests->capture();
        $this->emitter->capture($printed);
        try {
            $response = $this->respond($request);
        } finally {
            $this->emitter->drop();
        }
        $this->framework->terminate($request, $response);

        return [$request, $response];
    }

    public function bind(array $query, array $cookies, array $server): void
    {
        $request = new ($this->framework->requestClass())($query, [], [], $cookies, [], $server);
        $this->holders->tell($request);
        $this->framework->bind($request);
        Facade::clearResolvedInstance('request');
    }

    /** Everything that the application does with a request until its response is to be sent. */
    private function respond(Request $request): Response
    {
        $this->holders->tell($request);
        if ($this->bootProviders !== null) {
            $this->framework->bind($request);
            try {
                $this->begin();
            } catch (Throwable $e) {
                return $this->framework->failed($request, $e);
            }
        }
        $received = $this->events->hasListeners(self::RECEIVED);
        if ($received || $this->registerProviders !== null) {
            // The framework binds it as well; without these two nobody can tell when it happened.
            $this->framework->bind($request);
            if ($received) {
                $this->events->dispatch(self::RECEIVED, [$request, $this->app]);
            }
            $this->registerProviders !== null && ($this->registerProviders)();
        }
        $response = $this->framework->respond($request);
        if ($this->events->hasListeners(self::GENERATED)) {
            if ($this->server !== '') {
                $response->headers->set('Server', $this->server);
            }
            $this->events->dispatch(self::GENERATED, [$request, $response, $this->app]);
        }

        return $response;
    }

    /** Of every event; of a request only if providers boot in it. */
    private function begin(): void
    {
        isset($this->cleaners) && $this->cleaners->begin();
        if ($this->bootProviders !== null) {
            Facade::clearResolvedInstances();
            ($this->bootProviders)();
        }
    }

    public function clean(): void
    {
        try {
            $this->tellRoute();
        } finally {
            $this->scope->end();
        }
    }

    public function settleProcess(): void
    {
        isset($this->cleaners) && $this->cleaners->settleProcess();
    }

    public function idle(): void
    {
    }

    /** Jobs of the timer are made, to be looked at: with booted providers, as when they run. */
    private function complete(): void
    {
        if ($this->bootProviders === null || !settings()['timer']['enable']) {
            $this->hosting->complete(true);

            return;
        }
        $cleaners = new Cleaners($this->app, true);
        $this->begin();
        $this->hosting->complete(true);
        $cleaners->run();
    }

    /** Here, for a request that ended with exit() has one as well. */
    private function tellRoute(): void
    {
        if ($this->request !== null) {
            $uri = $this->framework->route($this->request);
            $uri === null || route($uri);
            $this->request = null;
        }
    }

    private function configure(): void
    {
        $settings = Settings::read();
        $this->server = $settings->server;
        $this->registerProviders = Providers::registrar($this->framework, $settings->registerProviders);
        $kept = $settings->destroyControllers ? $settings->keptControllers : null;
        $this->cleaners->configure($settings->cleaners, $kept);
    }

    /** Before providers boot: they may ask for app('swoole'). */
    private function configured(Container $app): ?ProviderClasses
    {
        $this->taken = $this->laravelsConfig($app);
        if (where() === 'manager') {
            app_conf(AppConf::rows($this->taken + self::prefix($app, $this->settings->basePath), $this->settings->basePath));
            $this->hosting->make();
        }
        $this->hosting->bind($app);

        return ProviderClasses::of(Settings::read());
    }

    /**
     * What process titles begin with unless somebody says otherwise: the name of the application, and where it is.
     *
     * @return array<string, string>
     */
    private static function prefix(Container $app, string $basePath): array
    {
        $name = $app->make('config')->get('app.name');
        $name = is_string($name) ? trim((string) preg_replace('/[\\x00-\\x20\\x7f]+/', ' ', $name)) : '';

        return $name === '' ? [] : ['process_prefix' => "$name $basePath"];
    }

    private function warnOfChanges(): void
    {
        if ($this->laravelsConfig($this->app) !== $this->taken) {
            Log::warning('a provider has changed config(\'laravels\') while booting: the server does not hear of it; set it in '
                . 'config/laravels.php or in laravels.ini');
        }
    }

    /** @return array<array-key, mixed> config/laravels.php as the application evaluated it, without our own defaults */
    private function laravelsConfig(Container $app): array
    {
        $config = $app->make('config')->get('laravels', []);
        if (!is_array($config)) {
            throw new UnexpectedValueException('config/laravels.php must return an array; it returned '
                . get_debug_type($config));
        }

        $provided = class_exists(LaravelSServiceProvider::class, false);
        $given = $provided ? LaravelSServiceProvider::given() : null;

        return $given ?? LaravelSServiceProvider::withEnvironment($config);
    }
}
