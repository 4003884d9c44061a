<?php

declare(strict_types=1);

use App\Services\Greeter;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Cache;
use Laravel\Lumen\Routing\Router;

/** @var Router $router */

$router->get('/', fn () => ['framework' => app()->version(), 'name' => config('app.name'), 'environment' => app()->environment()]);
$router->get('/hello/{name}', fn (Greeter $greeter, string $name) => $greeter->greet($name));
$router->get('/view/{name}', fn (string $name) => view('hello', ['name' => $name, 'notes' => ['<one>', 'two']]));
$router->get('/dump', fn (Request $request) => [
    'class' => $request::class,
    'query' => $request->query(),
    'input' => $request->all(),
    'cookies' => $request->cookies->all(),
    'method' => $request->method(),
    'path' => $request->path(),
    'url' => $request->fullUrl(),
    'ip' => $request->ip(),
    'header' => $request->header('X-Given'),
    'content' => $request->getContent(),
]);
$router->post('/dump', fn (Request $request) => ['input' => $request->all(), 'json' => $request->isJson(), 'content' => $request->getContent()]);
$router->put('/dump', fn (Request $request) => ['input' => $request->all(), 'content' => $request->getContent()]);
$router->post('/upload', fn (Request $request) => [
    'name' => $request->file('file')->getClientOriginalName(),
    'size' => $request->file('file')->getSize(),
    'valid' => $request->file('file')->isValid(),
    'text' => $request->input('text'),
]);
$router->get('/route/{first}/{second:[0-9]+}', ['as' => 'two.parts', function (Request $request) {
    return [
        'name' => $request->route()[1]['as'], 'first' => $request->route('first'), 'all' => $request->route()[2],
        'is' => $request->routeIs('two.*'), 'url' => route('two.parts', ['first' => 'a', 'second' => 7]),
    ];
}]);
$router->get('/unrouted', fn (Request $request) => ['route' => $request->route()[2]]);
$router->get('/config', fn () => [
    'shop' => config('shop'), 'unasked' => config('unasked.loaded'), 'listen' => config('laravels.listen_ip'), 'server' => $_SERVER['X_VERSION'] ?? null,
]);
$router->get('/cookie', fn () => response('set')->withCookie(new Symfony\Component\HttpFoundation\Cookie('c', 'v', 0, '/', null, false, true, false, 'Lax')));
$router->get('/redirect', fn () => redirect('/hello/there'));
$router->get('/cache/{value}', function (string $value) {
    $before = Cache::get('k');
    Cache::put('k', $value, 60);

    return ['before' => $before];
});
$router->get('/pid', fn () => ['pid' => getmypid(), 'console' => app()->runningInConsole(), 'level' => ob_get_level()]);
$router->get('/traces', 'StateController@traces');
$router->get('/leave-traces', 'StateController@leave');
$router->get('/holder/{any}', 'StateController@holder');
foreach (['teapot', 'exception', 'error', 'fatal', 'exit', 'dump', 'echo', 'stream', 'file'] as $end) {
    $router->get("/end/$end", "EndController@$end");
}
$router->get('/abort/{code}', function (string $code) {
    abort((int) $code, 'asked for');
});

$router->group(['prefix' => 'api', 'middleware' => 'auth'], static function (Router $router): void {
    $router->get('/me', ['middleware' => 'tag:me', fn (Request $request) => [
        'user' => $request->user()->name, 'auth' => Illuminate\Support\Facades\Auth::user()->name,
        'alice' => Illuminate\Support\Facades\Gate::allows('be-alice'),
    ]]);
    $router->get('/notes', 'NoteController@index');
    $router->post('/notes', 'NoteController@store');
    $router->get('/notes/{id}', 'NoteController@show');
});
