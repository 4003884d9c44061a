<?php

declare(strict_types=1);

namespace App\Http\Controllers;

use App\Services\Greeter;
use App\Services\Holder;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Auth;
use Illuminate\Support\Facades\DB;
use Illuminate\Support\Facades\Event;
use Illuminate\Support\Facades\Gate;
use Laravel\Lumen\Application;
use Laravel\Lumen\Routing\Controller;

/** What a request finds of others, and one that changes all it can. */
class StateController extends Controller
{
    public function traces(Application $app)
    {
        $router = $app->router;

        return [
            'config' => [config('app.name'), config('shop.currency'), config('added'), config('shop.limits.notes')],
            'locale' => [app('translator')->getLocale(), config('app.locale')],
            'timezone' => date_default_timezone_get(),
            'asked' => $app->bound(Greeter::class) ? app(Greeter::class)->asked : null,
            'bound' => [$app->bound('left.behind'), $app->bound('App\Added')],
            'routes' => [count($router->getRoutes()), isset($router->namedRoutes['added'])],
            'listeners' => Event::hasListeners('left.behind'),
            'gate' => Gate::has('added'),
            'shared' => array_key_exists('left', app('view')->getShared()),
            'queries' => [DB::connection()->logging(), DB::transactionLevel()],
            'middleware' => count((fn () => $this->middleware)->call($app)),
            'route_middleware' => array_keys((fn () => $this->routeMiddleware)->call($app)),
            'providers' => count((fn () => $this->loadedProviders)->call($app)),
            'user' => Auth::user()?->name,
        ];
    }

    public function leave(Application $app, Request $request)
    {
        $app->make(Greeter::class)->greet('you');
        config(['app.name' => 'left', 'shop.currency' => 'USD', 'added' => 1, 'shop.limits.notes' => 99]);
        $app->setLocale('de');
        date_default_timezone_set('Asia/Tokyo');
        $app->instance('left.behind', new \stdClass());
        $app->bind('App\Added', \stdClass::class);
        $app->router->get('/added-by-a-request', ['as' => 'added', fn () => 'added']);
        $app->router->get('/added-by-a-request/{id}', fn ($id) => "added $id");
        $app->middleware('App\Http\Middleware\Tag');
        $app->routeMiddleware(['added' => 'App\Http\Middleware\Tag']);
        Event::listen('left.behind', static fn () => null);
        Gate::define('added', static fn () => true);
        app('view')->share('left', 1);
        DB::enableQueryLog();
        DB::beginTransaction();
        Auth::setUser(\App\Models\User::first());
        $app->register(new class ($app) extends \Illuminate\Support\ServiceProvider {
            public function register()
            {
            }
        });

        return $this->traces($app);
    }

    public function holder(Holder $holder)
    {
        return ['path' => $holder->path()];
    }
}
