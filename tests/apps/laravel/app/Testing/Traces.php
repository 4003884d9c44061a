<?php

declare(strict_types=1);

namespace App\Testing;

use App\Models\Note;
use Carbon\Carbon;
use Illuminate\Database\Eloquent\Model;
use Illuminate\Database\Eloquent\Relations\Relation;
use Illuminate\Foundation\Http\Middleware\TrimStrings;
use Illuminate\Http\Request;
use Illuminate\Http\Resources\Json\JsonResource;
use Illuminate\Pagination\Paginator;
use Illuminate\Support\Facades\App;
use Illuminate\Support\Facades\Auth;
use Illuminate\Support\Facades\Blade;
use Illuminate\Support\Facades\Cache;
use Illuminate\Support\Facades\Cookie;
use Illuminate\Support\Facades\DB;
use Illuminate\Support\Facades\Event;
use Illuminate\Support\Facades\Gate;
use Illuminate\Support\Facades\Log;
use Illuminate\Support\Facades\Route;
use Illuminate\Support\Facades\URL;
use Illuminate\Support\Facades\Validator;
use Illuminate\Support\Facades\View;

/**
 * All that a request can change in a resident application without meaning to. leave() changes it; read() reports it,
 * and must say the same before and after every request that called leave().
 */
final class Traces
{
    public static function leave(string $tag, Request $request): void
    {
        // configuration, language, time
        config(['app.name' => $tag, 'app.added' => $tag, "added_$tag" => ['x' => $tag], 'database.default' => 'other']);
        config(['database.default' => 'sqlite']);
        App::setLocale('de');
        App::make('translator')->setFallback('de');
        Carbon::setLocale('fr');
        Carbon::setTestNow('2001-02-03 04:05:06');
        date_default_timezone_set('Asia/Tokyo');

        // the container
        app()->bind("bound_$tag", static fn () => $tag);
        app()->instance("instance_$tag", $request);
        app()->extend('hash', static fn ($hash) => $hash);
        app()->resolving(static fn () => null);
        app()->rebinding('request', static fn () => $request->merge(['rebound' => $tag]));
        app()->terminating(static fn () => $request->merge(['terminated' => $tag]));

        // HTTP
        Cookie::queue("cookie_$tag", $tag);
        URL::defaults(['locale' => $tag]);
        URL::forceRootUrl("http://$tag.test");
        URL::forceScheme('https');
        Paginator::currentPageResolver(static fn () => 77);
        Paginator::currentPathResolver(static fn () => "/$tag");
        Paginator::defaultView($tag);
        Request::setTrustedProxies(['10.0.0.1'], Request::HEADER_X_FORWARDED_FOR);
        Request::macro("macro_$tag", static fn () => $tag);
        Route::get("added-$tag", static fn () => $tag)->name("added.$tag");
        Route::pattern('id', $tag);
        Route::pushMiddlewareToGroup('web', TrimStrings::class);
        JsonResource::wrap($tag);
        Auth::shouldUse('api');
        Auth::viaRequest($tag, static fn () => null);

        // views
        View::share('tag', $tag);
        View::composer('*', static fn ($view) => $view->with('composed', $tag));
        View::addLocation("/tmp/$tag");
        View::startSection($tag);
        Blade::directive($tag, static fn () => $tag);

        // events, gates, validation
        Event::listen("event_$tag", static fn () => $tag);
        Event::listen('wild.*', static fn () => $tag);
        Gate::define("gate_$tag", static fn () => true);
        Gate::before(static fn () => true);
        Validator::extend("rule_$tag", static fn () => true);

        // database and models
        DB::enableQueryLog();
        DB::select('select 1');
        DB::listen(static fn () => null);
        DB::connection()->beginTransaction();
        Note::addGlobalScope('tag', static fn ($query) => $query->where('text', $tag));
        Note::saving(static fn () => false);
        Model::unguard();
        Relation::morphMap([$tag => Note::class]);

        // stores and logs
        Cache::store('array')->put('tag', $tag, 60);
        Log::withContext(['tag' => $tag]);

        // PHP itself
        chdir('/');
        umask(0077);
        setlocale(LC_ALL, 'C.UTF-8', 'C.utf8');
        mb_internal_encoding('ISO-8859-1');
        set_error_handler(static fn () => false);
        set_exception_handler(static fn () => null);
        ob_start();
    }

    /** @return array<string, mixed> */
    public static function read(): array
    {
        $app = app();
        $error = set_error_handler(null);
        restore_error_handler();
        $exception = set_exception_handler(null);
        restore_exception_handler();

        return [
            'config' => [config('app.name'), config('app.added'), array_keys(config()->all())],
            'locale' => [App::getLocale(), trans()->getLocale(), trans()->getFallback(), __('demo.greeting')],
            'carbon' => [Carbon::getLocale(), Carbon::hasTestNow()],
            'timezone' => date_default_timezone_get(),
            'container' => [
                'bindings' => count($app->getBindings()),
                'instances' => self::of($app, 'instances', 'bound_|instance_|cookie_'),
                'rebound' => array_map('count', self::peek($app, 'reboundCallbacks')),
                'resolving' => count(self::peek($app, 'globalResolvingCallbacks')),
                'terminating' => count(self::peek($app, 'terminatingCallbacks')),
                'build_stack' => count(self::peek($app, 'buildStack')),
            ],
            'cookies' => array_keys(Cookie::getQueuedCookies()),
            'url' => [URL::to('/x'), URL::getDefaultParameters()],
            'pages' => [Paginator::resolveCurrentPage(), Paginator::resolveCurrentPath(), Paginator::$defaultView],
            'proxies' => Request::getTrustedProxies(),
            'routes' => [count(Route::getRoutes()), array_keys(Route::getPatterns()), Route::getMiddlewareGroups()],
            'wrap' => JsonResource::$wrap,
            'guard' => [Auth::getDefaultDriver(), array_keys(self::peek(app('auth'), 'customCreators'))],
            'user' => [request()->user()?->email, Auth::user()?->email],
            'views' => [
                'shared' => array_keys(View::getShared()),
                'paths' => View::getFinder()->getPaths(),
                'sections' => View::getSections(),
                'directives' => array_keys(Blade::getCustomDirectives()),
            ],
            'listeners' => [
                'names' => array_keys(array_filter(self::peek(app('events'), 'listeners'))),
                'wildcards' => array_map('count', self::peek(app('events'), 'wildcards')),
            ],
            'gates' => [array_keys(Gate::abilities()), count(self::peek(Gate::getFacadeRoot(), 'beforeCallbacks'))],
            'rules' => array_keys(self::peek(app('validator'), 'extensions')),
            'database' => [DB::getDefaultConnection(), DB::logging(), count(DB::getQueryLog()), DB::transactionLevel()],
            'models' => [array_keys((new Note())->getGlobalScopes()), Model::isUnguarded(), Relation::$morphMap],
            'cache' => Cache::store('array')->get('tag'),
            'log' => self::peek(Log::channel(), 'context'),
            'php' => [
                'cwd' => getcwd(),
                'umask' => umask(),
                'locale' => setlocale(LC_ALL, '0'),
                'encoding' => mb_internal_encoding(),
                'error_handler' => is_array($error) ? get_class($error[0]) : get_debug_type($error),
                'exception_handler' => is_array($exception) ? get_class($exception[0]) : get_debug_type($exception),
                'buffers' => ob_get_level(),
            ],
            'request' => request()->query('rebound'),
        ];
    }

    /** The value of a property, whoever may see it. */
    private static function peek(object $of, string $property): mixed
    {
        return (fn () => $this->$property ?? null)->call($of);
    }

    /** @return list<string> the keys of an array property that match */
    private static function of(object $of, string $property, string $pattern): array
    {
        return array_values(preg_grep("/$pattern/", array_keys(self::peek($of, $property))));
    }
}
