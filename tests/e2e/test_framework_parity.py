"""Snippets of Laravel and Lumen code that must answer as under php-fpm, whatever the others have done before them on the same worker.

Each changes something and looks at something. php-fpm starts from nothing for each; ours has booted once. All are asked in several
orders, so that what one leaves meets every other sooner or later. What the file of a class does elsewhere when it is loaded is not among
them (docs/ISOLATION.md, Declarations).
"""

import base64
import os
import random
import re
import subprocess

import pytest

from lib import http
from lib.daemon import Daemon, scaffold
from lib.fpm import FPM, NGINX, Fpm

pytestmark = pytest.mark.skipif(not (NGINX and FPM), reason="needs nginx and php-fpm")

EVAL = r"""
%s('/eval', ['as' => 'eval.%s', function (Illuminate\Http\Request $request) {
    return eval('use Illuminate\Support\Facades\{App, Artisan, Auth, Blade, Bus, Cache, Config, Cookie, Crypt, DB, Event, File, Gate, Hash, Http, Lang, Log, '
        . 'Mail, Notification, Password, Queue, Redirect, Request as Req, Response, Route, Schema, Session, Storage, URL, Validator, View}; '
        . 'use Illuminate\Support\{Arr, Str, Carbon, Collection, Facades\Date}; use App\Models\{User, Note}; ' . base64_decode($request->header('X-Code')));
}]);
"""

SNIPPETS = {
    # configuration, container
    "config set": "config(['app.name' => 'changed', 'new.key' => 1]); return [config('app.name'), config('new')];",
    "config all": "return [config('app.name'), config('new'), md5(json_encode(config('mail')))];",
    "config prepend": "Config::prepend('view.paths', '/x'); Config::push('app.providers', 'X'); return [config('view.paths.0'), last(config('app.providers'))];",
    "bind": "app()->bind('thing', fn () => 'thing'); app()->singleton('one', fn () => new stdClass); return [app('thing'), app('one') === app('one')];",
    "bound": "return [app()->bound('thing'), app()->bound('one'), app()->bound('late.instance'), app()->bound('dead.alias')];",
    "instance": "app()->instance('late.instance', 5); app()->alias('late.instance', 'dead.alias'); return [app('dead.alias')];",
    "contextual": "app()->when(Collection::class)->needs('$items')->give([1, 2]); return app()->make(Collection::class);",
    "contextual later": "return app()->make(Collection::class);",
    "extend": "app()->extend('hash', fn ($h) => new class { function make() { return 'extended'; } }); return [app('hash')->make()];",
    "hash": "return [Hash::check('x', Hash::make('x')), get_class(app('hash')), config('hashing.driver')];",
    "resolving": "app()->resolving('encrypter', fn () => app()->instance('was.resolved', 1)); app()->forgetInstance('encrypter'); app('encrypter'); return [app('was.resolved')];",
    "tags": "app()->tag(['config', 'events'], 'both'); return [count(iterator_to_array(app()->tagged('both')))];",
    "tags later": "return [count(iterator_to_array(app()->tagged('both')))];",
    "macro": "Collection::macro('twice', fn () => $this->merge($this)); Str::macro('shout', fn ($s) => strtoupper($s)); return [collect([1])->twice(), Str::shout('a')];",
    "macro later": "return [Collection::hasMacro('twice'), Str::hasMacro('shout'), Illuminate\\Http\\Request::hasMacro('tenant')];",
    "request macro": "Illuminate\\Http\\Request::macro('tenant', fn () => 't'); return [request()->tenant()];",
    "provider": "app()->register(new class(app()) extends Illuminate\\Support\\ServiceProvider { function register() { $this->app->bind('of.provider', fn () => 'p'); } }); "
        "return [app('of.provider')];",
    "provider later": "return [app()->bound('of.provider')];",
    "environment": "app()->detectEnvironment(fn () => 'staging'); return [app()->environment(), App::isLocal()];",
    "environment later": "return [app()->environment(), app()->runningInConsole(), app()->runningUnitTests(), app()->isDownForMaintenance()];",
    "terminating": "app()->terminating(fn () => config(['app.name' => 'terminated'])); return ['ok'];",
    "app paths": "app()->useStoragePath('/nowhere'); return [storage_path('x') === '/nowhere/x'];",
    "app paths later": "return [basename(storage_path()), basename(database_path()), basename(resource_path())];",
    # locale, time
    "locale": "App::setLocale('de'); return [__('demo.greeting'), app()->getLocale(), Carbon::now()->locale()];",
    "locale later": "return [__('demo.greeting'), app()->getLocale(), config('app.locale'), Lang::get('validation.required', ['attribute' => 'x'])];",
    "carbon test now": "Carbon::setTestNow('2020-01-02 03:04:05'); return [now()->toDateTimeString(), Date::now()->year];",
    "carbon later": "return [now()->year > 2024, Carbon::hasTestNow(), Carbon::parse('2020-01-31')->addMonth()->toDateString()];",
    "carbon settings": "Carbon::useMonthsOverflow(false); Carbon::setToStringFormat('Y'); Carbon::setWeekendDays([5]); return [(string) Carbon::parse('2020-01-31')->addMonth(), Carbon::parse('2020-01-03')->isWeekend()];",
    "date class": "Date::use(\\Carbon\\CarbonImmutable::class); return [get_class(now())];",
    "date class later": "return [get_class(now()), get_class(Date::now()), (string) Carbon::parse('2020-01-31')];",
    "timezone": "date_default_timezone_set('Asia/Tokyo'); return [date('H', 0), now()->tzName];",
    "timezone later": "return [date('H', 0), now()->tzName, config('app.timezone')];",
    # requests
    "input": "return [request()->all(), request()->query('q'), request()->is('api/*'), request()->fullUrl(), request()->ip(), request()->method()];",
    "merge": "request()->merge(['merged' => 1]); request()->headers->set('X-Added', '1'); return [request('merged'), Req::header('x-added')];",
    "request later": "return [request('merged'), Req::header('x-added'), request()->user(), count(request()->all())];",
    "user resolver": "request()->setUserResolver(fn () => new User(['name' => 'ghost'])); return [request()->user()->name];",
    "trusted": "Illuminate\\Http\\Request::setTrustedProxies(['0.0.0.0/0'], 31); return [request()->isSecure()];",
    "trusted later": "return [Illuminate\\Http\\Request::getTrustedProxies(), Illuminate\\Http\\Request::getTrustedHosts(), request()->getHost()];",
    "method override": "Illuminate\\Http\\Request::enableHttpMethodParameterOverride(); return [Illuminate\\Http\\Request::getHttpMethodParameterOverride()];",
    "json input": "return [request()->isJson(), request()->wantsJson(), request()->expectsJson(), request()->acceptsHtml()];",
    # responses
    "string": "return 'text';",
    "json": "return response()->json(['a' => 1], 201, ['X-A' => 'b']);",
    "jsonp": "return response()->jsonp('cb', ['a' => 1]);",
    "no content": "return response()->noContent();",
    "redirect": "return redirect('/elsewhere')->withHeaders(['X-R' => 1]);",
    "redirect route": "return redirect()->route('eval.api', ['a' => 1]);",
    "away": "return redirect()->away('https://example.org/x', 303);",
    "secure": "return [secure_url('x'), url('y'), asset('z'), action_exists ?? null];".replace(", action_exists ?? null", ""),
    "force scheme": "URL::forceScheme('https'); URL::forceRootUrl('https://forced.test'); return [url('a'), route('eval.api')];",
    "url later": "return [url('a'), route('eval.api'), URL::current(), URL::previous()];",
    "url defaults": "URL::defaults(['locale' => 'de']); return [URL::getDefaultParameters()];",
    "url defaults later": "return [URL::getDefaultParameters()];",
    "signed": "return [URL::hasValidSignature(request()), strlen(URL::signedRoute('eval.api')) > 40];",
    "cookie": "return response('c')->cookie('name', 'value', 5, '/p', 'd.test', true, true, false, 'strict');",
    "cookie queue": "Cookie::queue('queued', '1', 5); return [Cookie::hasQueued('queued')];",
    "cookie queue later": "return [Cookie::hasQueued('queued'), count(Cookie::getQueuedCookies())];",
    "download": "return response()->streamDownload(function () { echo 'streamed'; }, 'näme.txt', ['Content-Type' => 'text/plain']);",
    "stream": "return response()->stream(function () { echo 'a'; flush(); echo 'b'; }, 200, ['X-S' => '1']);",
    "file": "return response()->file(base_path('composer.json'));",
    "etag": "return response('e')->setEtag('tag')->setLastModified(new DateTime('@0'))->setPublic()->setMaxAge(60);",
    "vary": "return response('v')->setVary('Accept')->header('Content-Language', 'de');",
    "response macro": "Response::macro('caps', fn ($v) => response(strtoupper($v))); return response()->caps('x');",
    "response macro later": "return [Illuminate\\Routing\\ResponseFactory::hasMacro('caps')];",
    "echo and return": "echo 'echoed '; return 'returned';",
    "header function": "header('X-Raw: 1'); return 'r';",
    "http_response_code": "http_response_code(418); return response('t', 200);",
    # exceptions
    "abort": "abort(403, 'no');",
    "abort headers": "abort(429, 'slow', ['Retry-After' => 7]);",
    "exception": "throw new RuntimeException('secret');",
    "model not found": "User::findOrFail(99999);",
    "validation": "request()->validate(['name' => 'required', 'n' => 'integer'], ['name.required' => 'gimme']);",
    "validation bag": "throw Illuminate\\Validation\\ValidationException::withMessages(['x' => ['bad']])->errorBag('other')->status(409);",
    "auth exception": "throw new Illuminate\\Auth\\AuthenticationException('who');",
    "authorization": "Gate::define('never', fn (?User $u) => false); Gate::authorize('never');",
    "gate later": "return [Gate::has('never'), Gate::abilities() === [] , Gate::allows('never')];",
    "gate before": "Gate::before(fn () => true); return [Gate::allows('anything')];",
    "token mismatch": "throw new Illuminate\\Session\\TokenMismatchException;",
    "http response exception": "throw new Illuminate\\Http\\Exceptions\\HttpResponseException(response('own', 299));",
    "error": "return strlen([]);",
    "handler reportable": "app(Illuminate\\Contracts\\Debug\\ExceptionHandler::class)->renderable(fn (LogicException $e) => response('rendered', 299)); throw new LogicException('l');",
    "handler reportable later": "throw new LogicException('l');",
    "rescue": "return [rescue(fn () => throw new Exception('x'), 'rescued', false), optional(null)->x, tap(1, fn () => 2), value(fn () => 3)];",
    # validation
    "validator": "return Validator::make(['a' => 'x', 'd' => '2020-13-01'], ['a' => 'integer', 'd' => 'date', 'c' => 'required'])->errors();",
    "validator extend": "Validator::extend('odd', fn ($a, $v) => $v % 2, ':attribute is even'); return Validator::make(['n' => 2], ['n' => 'odd'])->errors();",
    "validator extend later": "try { return Validator::make(['n' => 2], ['n' => 'odd'])->errors(); } catch (BadMethodCallException $e) { return [$e->getMessage()]; }",
    "validator resolver": "Validator::resolver(fn ($t, $d, $r, $m, $c) => new Illuminate\\Validation\\Validator($t, [], [], $m, $c)); return Validator::make(['a' => 1], ['a' => 'string'])->errors();",
    "password defaults": "Illuminate\\Validation\\Rules\\Password::defaults(fn () => Illuminate\\Validation\\Rules\\Password::min(20)); "
        "return Validator::make(['p' => 'short'], ['p' => Illuminate\\Validation\\Rules\\Password::default()])->errors();",
    "password defaults later": "return Validator::make(['p' => 'short123'], ['p' => Illuminate\\Validation\\Rules\\Password::default()])->errors();",
    "unique rule": "return Validator::make(['e' => 'nobody@example.test'], ['e' => 'unique:users,email'])->passes();",
    # views
    "view share": "View::share('shared', 'yes'); return view('shown') ?? '';".replace("return view('shown') ?? '';", "return [View::shared('shared')];"),
    "view share later": "return [View::shared('shared'), View::exists('nowhere'), count(View::getFinder()->getHints())];",
    "view composer": "View::composer('*', fn ($v) => $v->with('composed', 1)); return [View::getDispatcher()->hasListeners('composing: x')];",
    "view composer later": "return [View::getDispatcher()->hasListeners('composing: x')];",
    "view namespace": "View::addNamespace('odd', '/nowhere'); View::addLocation('/other'); View::addExtension('txt', 'php'); return [count(View::getFinder()->getPaths()), count(View::getExtensions())];",
    "view namespace later": "return [count(View::getFinder()->getPaths()), count(View::getExtensions())];",
    "blade": "Blade::directive('hey', fn () => 'HEY'); Blade::if('yes', fn () => true); return [Blade::compileString('@hey'), Blade::check('yes')];",
    "blade later": "return [Blade::compileString('@hey'), count(Blade::getCustomDirectives())];",
    "blade component": "Blade::component('some-thing', 'x-thing'); Blade::withoutDoubleEncoding(); return [Blade::getClassComponentAliases(), Blade::compileString('{{ $x }}')];",
    "blade component later": "return [Blade::getClassComponentAliases(), Blade::compileString('{{ $x }}')];",
    "sections": "View::startSection('s'); echo 'open'; return 'unclosed';",
    "sections later": "return [View::hasSection('s'), View::yieldContent('s', 'none'), ob_get_level() < 3];",
    # session, auth
    "session": "return [session()->isStarted(), session('never')];",
    "auth user": "Auth::setUser(new User(['name' => 'left'])); return [Auth::user()->name, Auth::check()];",
    "auth later": "return [Auth::user(), Auth::check(), Auth::guest(), auth()->id(), Auth::getDefaultDriver()];",
    "auth guard": "Auth::shouldUse('api'); return [Auth::getDefaultDriver()];",
    "auth extend": "Auth::extend('odd', fn () => new Illuminate\\Auth\\RequestGuard(fn () => null, request())); Auth::viaRequest('via', fn () => null); return ['ok'];",
    "auth provider": "Auth::provider('odd', fn () => null); return [config('auth.defaults')];",
    # database
    "query log": "DB::enableQueryLog(); User::count(); return [count(DB::getQueryLog())];",
    "query log later": "User::count(); return [count(DB::getQueryLog()), DB::logging(), DB::transactionLevel()];",
    "transaction": "DB::beginTransaction(); DB::table('notes')->insert(['body' => 'lost']); return [DB::transactionLevel(), DB::table('notes')->where('body', 'lost')->count()];",
    "transaction later": "return [DB::transactionLevel(), DB::table('notes')->where('body', 'lost')->count()];",
    "listen": "DB::listen(fn ($q) => config(['seen.query' => 1])); User::count(); return [config('seen.query')];",
    "listen later": "User::count(); return [config('seen.query')];",
    "model events": "User::creating(fn () => false); return [User::create(['name' => 'n', 'email' => 'n@x', 'password' => 'p'])->exists];",
    "model events later": "return [User::getEventDispatcher()->hasListeners('eloquent.creating: App\\Models\\User')];",
    "global scope": "User::addGlobalScope('none', fn ($q) => $q->whereRaw('1 = 0')); return [User::count()];",
    "global scope later": "return [User::count() > 0, User::hasGlobalScope('none')];",
    "unguard": "User::unguard(); return [User::isUnguarded()];",
    "unguard later": "return [User::isUnguarded(), (new User(['id' => 5]))->id];",
    "lazy": "Illuminate\\Database\\Eloquent\\Model::preventLazyLoading(); return [User::preventsLazyLoading()];",
    "lazy later": "return [User::preventsLazyLoading()];",
    "morph map": "Illuminate\\Database\\Eloquent\\Relations\\Relation::morphMap(['u' => User::class]); return Illuminate\\Database\\Eloquent\\Relations\\Relation::morphMap();",
    "morph map later": "return Illuminate\\Database\\Eloquent\\Relations\\Relation::morphMap();",
    "resolve relation": "User::resolveRelationUsing('odd', fn ($u) => $u->hasMany(Note::class)); return [isset((new User)->odd)];",
    "snake": "User::$snakeAttributes = false; Str::snake('aB'); return [User::$snakeAttributes];",
    "snake later": "return [User::$snakeAttributes];",
    "event dispatcher": "User::unsetEventDispatcher(); return [User::getEventDispatcher()];",
    "event dispatcher later": "return [User::getEventDispatcher() !== null];",
    "schema": "Schema::defaultStringLength(100); return [Schema::hasTable('users'), Illuminate\\Database\\Schema\\Builder::$defaultStringLength];",
    "schema later": "return [Illuminate\\Database\\Schema\\Builder::$defaultStringLength];",
    "paginator": "Illuminate\\Pagination\\Paginator::currentPageResolver(fn () => 7); Illuminate\\Pagination\\Paginator::useBootstrap(); return [User::paginate(2)->currentPage(), Illuminate\\Pagination\\Paginator::$defaultView];",
    "paginator later": "return [User::paginate(2)->currentPage(), Illuminate\\Pagination\\Paginator::$defaultView, User::paginate(1)->url(2)];",
    "connection": "DB::connection()->setTablePrefix('p_'); return [DB::getTablePrefix()];",
    "connection later": "return [DB::getTablePrefix(), DB::connection()->getName(), count(DB::getConnections()) < 2];",
    "default connection": "DB::setDefaultConnection('nowhere'); return [DB::getDefaultConnection()];",
    "default connection later": "return [DB::getDefaultConnection(), User::count() > 0];",
    "raw pdo": "DB::getPdo()->setAttribute(PDO::ATTR_DEFAULT_FETCH_MODE, PDO::FETCH_NUM); return DB::getPdo()->query('select 1 as one')->fetch();",
    "raw pdo later": "return DB::getPdo()->query('select 1 as one')->fetch();",
    # events, queue, mail, cache, storage, log
    "listener": "Event::listen('happens', fn () => 'heard'); return Event::dispatch('happens');",
    "listener later": "return [Event::dispatch('happens'), Event::hasListeners('happens')];",
    "forget listeners": "Event::forget(Illuminate\\Auth\\Events\\Login::class); Event::push('pushed', [1]); return ['ok'];",
    "event fake": "Event::fake(); event('faked'); return [get_class(app('events'))];",
    "event fake later": "return [get_class(app('events')), get_class(Event::getFacadeRoot())];",
    "bus fake": "Bus::fake(); Mail::fake(); Queue::fake(); Notification::fake(); Storage::fake('local'); Http::fake(); return [get_class(Bus::getFacadeRoot())];",
    "bus fake later": "return [get_class(Bus::getFacadeRoot()), get_class(Mail::getFacadeRoot()), get_class(Queue::getFacadeRoot()), get_class(Notification::getFacadeRoot())];",
    "bus pipe": "Bus::pipeThrough([fn ($job, $next) => 'piped']); return [Bus::dispatchNow(new class { function handle() { return 'ran'; } })];",
    "bus pipe later": "return [Bus::dispatchNow(new class { function handle() { return 'ran'; } })];",
    "queue": "Queue::before(fn () => config(['queue.before' => 1])); return [get_class(Queue::connection('sync'))];",
    "mail": "Mail::alwaysTo('all@example.test'); Mail::alwaysFrom('me@example.test'); return ['ok'];",
    "mail later": "return [(fn () => $this->to ?? null)->call(Mail::mailer())];",
    "cache": "Cache::store('array')->put('k', 'v', 60); return [Cache::store('array')->get('k')];",
    "cache later": "return [Cache::store('array')->get('k'), Cache::getDefaultDriver()];",
    "cache extend": "Cache::extend('odd', fn ($app) => Cache::repository(new Illuminate\\Cache\\NullStore)); config(['cache.stores.odd' => ['driver' => 'odd']]); return [Cache::store('odd')->get('x', 'd')];",
    "cache extend later": "try { return [Cache::store('odd')->get('x', 'd')]; } catch (InvalidArgumentException $e) { return [$e->getMessage()]; }",
    "storage": "config(['filesystems.disks.odd' => ['driver' => 'local', 'root' => sys_get_temp_dir()]]); return [Storage::disk('odd')->exists('no-such-file')];",
    "storage later": "try { return [Storage::disk('odd')->exists('x')]; } catch (InvalidArgumentException $e) { return [$e->getMessage()]; }",
    "log context": "Log::withContext(['left' => 1]); Log::shareContext(['l' => 1]); return ['ok'];".replace(" Log::shareContext(['l' => 1]);", ""),
    "log later": "return [(fn () => $this->context)->call(Log::channel())];",
    "log channel": "config(['logging.default' => 'null']); Log::setDefaultDriver('null'); return [Log::getDefaultDriver()];",
    "log channel later": "return [Log::getDefaultDriver()];",
    "http client": "Http::macro('odd', fn () => 'o'); return [Http::odd()];",
    "http client later": "return [Illuminate\\Http\\Client\\Factory::hasMacro('odd')];",
    # routes, artisan
    "route": "Route::get('/added', fn () => 'a')->name('added'); Route::getRoutes()->refreshNameLookups(); return [Route::has('added'), Route::currentRouteName()];",
    "route later": "return [Route::has('added'), Route::currentRouteName(), Route::current()->uri(), count(Route::getRoutes())];",
    "route bind": "Route::bind('thing', fn () => 'bound'); Route::pattern('id', '[0-9]+'); Route::model('u', User::class); return [Route::getBindingCallback('thing') !== null, Route::getPatterns()];",
    "route bind later": "return [Route::getBindingCallback('thing'), Route::getPatterns()];",
    "middleware": "Route::aliasMiddleware('odd', 'X'); Route::pushMiddlewareToGroup('api', 'Y'); return [count(Route::getMiddlewareGroups()['api'])];",
    "middleware later": "return [count(Route::getMiddlewareGroups()['api']), isset(Route::getMiddleware()['odd'])];",
    "artisan": "Artisan::command('odd:cmd', fn () => 0); return [Artisan::call('odd:cmd')];",
    "artisan later": "return [isset(Artisan::all()['odd:cmd'])];",
    # helpers
    "str": "Str::createUuidsUsing(fn () => 'fixed'); return [(string) Str::uuid()];",
    "str later": "return [strlen((string) Str::uuid()), Str::plural('child'), Str::of('a b')->studly()];",
    "inflector": "Illuminate\\Support\\Pluralizer::$uncountable[] = 'cactus'; return [Str::plural('cactus')];",
    "inflector later": "return [Str::plural('cactus'), Str::singular('oxen')];",
    "encrypt": "return [decrypt(encrypt(['a' => 1])), Crypt::decryptString(Crypt::encryptString('x'))];",
    "json resource": "Illuminate\\Http\\Resources\\Json\\JsonResource::withoutWrapping(); return (new Illuminate\\Http\\Resources\\Json\\JsonResource(['a' => 1]));",
    "json resource later": "return (new Illuminate\\Http\\Resources\\Json\\JsonResource(['a' => 1]));",
    "html string": "return e(new Illuminate\\Support\\HtmlString('<b>')) . e('<i>');",
    "ob": "ob_start(fn ($b) => strtoupper($b)); echo 'shout'; return ' quiet';",
    "ob_gzhandler": "$_SERVER['HTTP_ACCEPT_ENCODING'] = 'gzip'; ob_start('ob_gzhandler'); echo 'a'; return str_repeat('z', 3000);",
    "ob nested": "ob_start(fn ($b) => \"[$b]\"); ob_start(); echo 'inner'; return response('body', 201);",
    "ob forgotten": "ob_start(); echo 'forgotten '; return 'body';",
    "ob and file": "ob_start(fn ($b) => strrev($b)); return response()->file(public_path('robots.txt'));",
    "ob and stream": "ob_start(fn ($b) => strtoupper($b)); return response()->stream(function () { echo 'a'; flush(); echo 'b'; });",
    "ini": "ini_set('precision', '3'); ini_set('serialize_precision', '3'); setlocale(LC_ALL, 'C.UTF-8'); mb_internal_encoding('ISO-8859-1'); return [1 / 3, mb_strlen('é')];",
    "ini later": "return [1 / 3, mb_strlen('é'), setlocale(LC_ALL, 0), error_reporting()];",
    "error handler": "set_error_handler(fn () => true); set_exception_handler(fn () => null); return [$undefined ?? 'u'];",
    "error handler later": "return [$undefined];",
    # libraries that keep registries, and files of classes that run code once
    "mail raw": "config(['mail.mailers.mem' => ['transport' => 'array']]); Mail::mailer('mem')->raw('text', fn ($m) => $m->to('a@example.test')->subject('s')); "
        "return [(string) Mail::mailer('mem')->getSwiftMailer()->getTransport()->messages()[0]->getSubject(), count(Mail::mailer('mem')->getSwiftMailer()->getTransport()->messages())];",
    "mail html": "config(['mail.mailers.mem' => ['transport' => 'array']]); Mail::mailer('mem')->html('<b>h</b>', fn ($m) => $m->to('b@example.test')->cc('c@example.test')->subject('ü')"
        "->attachData('data', 'näme.txt')); $m = Mail::mailer('mem')->getSwiftMailer()->getTransport()->messages()[0]; "
        "return [preg_replace('/[0-9a-f]{32}|_=_[^\\r\\n\";]+/', 'id', preg_replace('/^(Message-ID|Date):.*$/m', '', $m->toString()))];",
    "mail log": "Mail::raw('logged', fn ($m) => $m->to('l@example.test')); return [Mail::failures()];",
    "mailable": "config(['mail.mailers.mem' => ['transport' => 'array']]); Mail::mailer('mem')->to('d@example.test')->send(new class extends Illuminate\\Mail\\Mailable { "
        "public function build() { return $this->subject('m')->html('<p>x</p>'); } }); return [count(Mail::mailer('mem')->getSwiftMailer()->getTransport()->messages())];",
    "mail markdown": "config(['mail.mailers.mem' => ['transport' => 'array']]); $n = (new Illuminate\\Notifications\\Messages\\MailMessage)->line('one')->action('Go', 'https://example.test/x'); "
        "return [strlen(app(Illuminate\\Mail\\Markdown::class)->render('mail::message', ['slot' => '# Title', 'subcopy' => '']) ) > 500, $n->actionText];",
    "notification": "config(['mail.default' => 'array', 'mail.mailers.array' => ['transport' => 'array']]); Notification::route('mail', 'n@example.test')->notify(new class extends "
        "Illuminate\\Notifications\\Notification { function via($n) { return ['mail']; } function toMail($n) { return (new Illuminate\\Notifications\\Messages\\MailMessage)->line('hi'); } }); "
        "return [count(Mail::mailer('array')->getSwiftMailer()->getTransport()->messages())];",
    "swift": "$m = (new Swift_Message('s'))->setFrom('a@example.test')->setTo(['b@example.test' => 'Bé'])->setBody('ä', 'text/plain'); return [$m->getHeaders()->get('To')->toString(), $m->getBody()];",
    "swift dependency": "Swift_DependencyContainer::getInstance()->register('odd.thing')->asValue(5); return [Swift_DependencyContainer::getInstance()->lookup('odd.thing')];",
    "swift dependency later": "return [Swift_DependencyContainer::getInstance()->has('odd.thing'), count(Swift_DependencyContainer::getInstance()->listItems()) > 20];",
    "email rules": "return Validator::make(['a' => 'x@example.test', 'b' => 'no'], ['a' => 'email:rfc,filter', 'b' => 'email'])->errors();",
    "markdown": "return [Str::markdown('# Hi *there* <script>', ['html_input' => 'escape']), (string) Str::of('**b**')->markdown()];",
    "uuid": "$u = Str::orderedUuid(); return [strlen($u), Str::isUuid($u), get_class(Ramsey\\Uuid\\Uuid::getFactory())];",
    "uuid factory": "Ramsey\\Uuid\\Uuid::setFactory(new class extends Ramsey\\Uuid\\UuidFactory {}); return [get_parent_class(Ramsey\\Uuid\\Uuid::getFactory())];",
    "uuid factory later": "return [get_class(Ramsey\\Uuid\\Uuid::getFactory()), strlen(Ramsey\\Uuid\\Uuid::uuid1()->toString())];",
    "cron": "return [(new Cron\\CronExpression('*/5 * * * *'))->getNextRunDate('2020-01-01 00:01:00')->format('c'), Cron\\CronExpression::isValidExpression('x')];",
    "cron alias": "method_exists(Cron\\CronExpression::class, 'registerAlias') && Cron\\CronExpression::registerAlias('@odd', '1 1 1 1 *'); return ['ok'];",
    "cron alias later": "return [Cron\\CronExpression::isValidExpression('@odd'), Cron\\CronExpression::isValidExpression('@daily')];",
    "schedule": "$s = new Illuminate\\Console\\Scheduling\\Schedule; $s->call(fn () => 1)->dailyAt('13:00')->name('x'); return [$s->events()[0]->expression, count(app(Illuminate\\Console\\Scheduling\\Schedule::class)->events())];",
    "carbon locales": "return [Carbon::parse('2020-03-04')->locale('de')->isoFormat('LLLL'), Carbon::parse('2020-03-04')->locale('fr')->translatedFormat('l j F'), Carbon::parse('2020-03-04')->diffForHumans('2020-03-09')];",
    "carbon translator": "Carbon\\Translator::get('de')->setMessages(['ago' => 'VOR :time']); Carbon::setLocale('de'); return [Carbon::parse('2020-03-04')->diffForHumans(Carbon::parse('2020-03-09'))];",
    "carbon macro": "Carbon::macro('oddly', fn () => 'odd'); Carbon::mixin(new class { function more() { return fn () => 'more'; } }); return [Carbon::now()->oddly(), Carbon::now()->more()];",
    "carbon macro later": "return [Carbon::hasMacro('oddly'), Carbon::hasMacro('more'), Carbon\\Carbon::hasMacro('oddly')];",
    "carbon interval": "Carbon\\CarbonInterval::setCascadeFactors(['minutes' => [10, 'seconds']]); return [(string) Carbon\\CarbonInterval::seconds(25)->cascade()];",
    "carbon interval later": "return [(string) Carbon\\CarbonInterval::seconds(125)->cascade(), count(Carbon\\CarbonPeriod::create('2020-01-01', '2020-01-05'))];",
    "doctrine inflector": "return [Str::plural('person'), Str::singular('men'), Doctrine\\Inflector\\InflectorFactory::create()->build()->classify('a_b')];",
    "flysystem": "$d = Storage::build(['driver' => 'local', 'root' => sys_get_temp_dir() . '/parity-' . getmypid()]); $d->put('a/b.txt', 'x'); $r = [$d->get('a/b.txt'), $d->mimeType('a/b.txt'), $d->allFiles()]; "
        "$d->deleteDirectory('a'); return $r;",
    "flysystem plugin": "Storage::extend('odd', fn () => null); return [League\\Flysystem\\Util::normalizePath('a/../b')];",
    "monolog": "$l = new Monolog\\Logger('n', [$h = new Monolog\\Handler\\TestHandler], [new Monolog\\Processor\\PsrLogMessageProcessor]); $l->warning('{a}', ['a' => 1]); return [$h->getRecords()[0]['message']];",
    "monolog registry": "Monolog\\Registry::addLogger(new Monolog\\Logger('left'), 'left'); return [Monolog\\Registry::hasLogger('left')];",
    "monolog registry later": "return [Monolog\\Registry::hasLogger('left'), Monolog\\Logger::getLevels() === Monolog\\Logger::getLevels()];",
    "monolog error handler": "Monolog\\ErrorHandler::register(new Monolog\\Logger('e', [$h = new Monolog\\Handler\\TestHandler])); @$x['y']; return [count($h->getRecords())];",
    "dumper": "$d = new Symfony\\Component\\VarDumper\\Dumper\\CliDumper; $d->setColors(false); return [$d->dump((new Symfony\\Component\\VarDumper\\Cloner\\VarCloner)->cloneVar([1, 'a' => null]), true)];",
    "dumper handler": "Symfony\\Component\\VarDumper\\VarDumper::setHandler(fn ($v) => print('dumped')); dump(1); return ' after';",
    "dumper handler later": "return [Symfony\\Component\\VarDumper\\VarDumper::setHandler(fn () => 1) === null || true, isset($_SERVER['VAR_DUMPER_FORMAT'])];",
    "dumper casters": "Symfony\\Component\\VarDumper\\Cloner\\AbstractCloner::$defaultCasters['stdClass'] = fn () => ['changed' => 1]; return [count((array) (new Symfony\\Component\\VarDumper\\Cloner\\VarCloner)->cloneVar(new stdClass)->getValue(true))];",
    "dumper casters later": "return [isset(Symfony\\Component\\VarDumper\\Cloner\\AbstractCloner::$defaultCasters['stdClass'])];",
    "process": "$p = new Symfony\\Component\\Process\\Process(['echo', 'hi']); $p->run(); return [$p->getOutput(), $p->getExitCode()];",
    "finder": "return [count(Symfony\\Component\\Finder\\Finder::create()->in(app_path())->name('*.php')->files()) > 3];",
    "css": "return [(new Symfony\\Component\\CssSelector\\CssSelectorConverter)->toXPath('a.b > c')];",
    "css inline": "return [str_contains((new TijsVerkoyen\\CssToInlineStyles\\CssToInlineStyles)->convert('<p>x</p>', 'p { color: red }'), 'color: red')];",
    "translation": "return [trans_choice('{0} none|{1} one|[2,*] many', 2), Lang::has('validation.required'), __('no.such.key')];",
    "translator lines": "app('translator')->addLines(['odd.key' => 'line'], 'en'); app('translator')->addNamespace('ns', '/nowhere'); return [__('odd.key')];",
    "translator lines later": "return [__('odd.key'), isset(app('translator')->getLoader()->namespaces()['ns'])];",
    "mime types": "return [Symfony\\Component\\Mime\\MimeTypes::getDefault()->getExtensions('image/png'), (new League\\MimeTypeDetection\\ExtensionMimeTypeDetector)->detectMimeTypeFromPath('a.css')];",
    "mime guesser": "Symfony\\Component\\Mime\\MimeTypes::setDefault(new Symfony\\Component\\Mime\\MimeTypes(['x/y' => ['png']])); return [Symfony\\Component\\Mime\\MimeTypes::getDefault()->getExtensions('x/y')];",
    "mime guesser later": "return [Symfony\\Component\\Mime\\MimeTypes::getDefault()->getExtensions('x/y')];",
    "math": "return [(string) Brick\\Math\\BigInteger::of('123456789012345678901234567890')->multipliedBy(3), get_class(Brick\\Math\\Internal\\Calculator::get())];",
    "dotenv": "return [Dotenv\\Dotenv::parse('A=1\\nB=\"x y\"'), env('APP_ENV'), Illuminate\\Support\\Env::get('NOT_THERE', 'd')];",
    "env repository": "Illuminate\\Support\\Env::getRepository()->set('LEFT_HERE', 'x'); return [env('LEFT_HERE'), getenv('LEFT_HERE'), $_ENV['LEFT_HERE'] ?? null];",
    "env repository later": "return [env('LEFT_HERE'), getenv('LEFT_HERE'), $_ENV['LEFT_HERE'] ?? null, $_SERVER['LEFT_HERE'] ?? null];",
    "serializable closure": "$n = 5; $s = serialize(new Opis\\Closure\\SerializableClosure(fn () => $n + 1)); return [(unserialize($s)->getClosure())()];",
    "serializable key": "Opis\\Closure\\SerializableClosure::setSecretKey('other'); return ['ok'];",
    "queued closure": "dispatch(function () { config(['queued.ran' => 1]); }); return [config('queued.ran')];",
    "queue job": "Queue::push(new class { public $connection = null; public function handle() { config(['job.ran' => 1]); } }); return [config('job.ran')];",
    "bus chain": "Bus::chain([fn () => config(['chain' => 'a']), fn () => config(['chain' => config('chain') . 'b'])])->dispatch(); return [config('chain')];",
    "pipeline": "return [app(Illuminate\\Pipeline\\Pipeline::class)->send(1)->through([fn ($v, $n) => $n($v + 1)])->then(fn ($v) => $v * 10)];",
    "cache file": "Cache::store('file')->put('parity', [1], 5); $r = [Cache::store('file')->get('parity'), Cache::store('file')->forget('parity')]; return $r;",
    "cache lock": "$l = Cache::store('file')->lock('parity-lock', 5); $r = [$l->get(), Cache::store('file')->lock('parity-lock', 5)->get()]; $l->release(); return $r;",
    "rate limiter": "Illuminate\\Support\\Facades\\RateLimiter::for('odd', fn () => Illuminate\\Cache\\RateLimiting\\Limit::perMinute(1)); return [Illuminate\\Support\\Facades\\RateLimiter::limiter('odd') !== null];",
    "rate limiter later": "return [Illuminate\\Support\\Facades\\RateLimiter::limiter('odd')];",
    "broadcast": "return [get_class(app(Illuminate\\Contracts\\Broadcasting\\Factory::class)), broadcast(new class {}) !== null];",
    "eloquent": "$u = User::query()->orderBy('id')->first(); return [$u->getKey(), $u->replicate()->exists, User::query()->toSql(), $u->relationLoaded('notes'), User::whereIn('id', [1, 2])->pluck('id')];",
    "eloquent casts": "$m = new class extends Illuminate\\Database\\Eloquent\\Model { protected $casts = ['a' => 'array', 'd' => 'datetime:Y']; protected $guarded = []; }; $m->fill(['a' => [1], 'd' => '2020-01-01']); return $m;",
    "eloquent encrypt": "Illuminate\\Database\\Eloquent\\Model::encryptUsing(new Illuminate\\Encryption\\Encrypter(str_repeat('k', 16))); return ['ok'];",
    "eloquent encrypt later": "return [Illuminate\\Database\\Eloquent\\Model::$encrypter];",
    "eloquent booted": "User::clearBootedModels(); $u = new User; return [User::count() > 0];",
    "eloquent connection": "User::setConnectionResolver(app('db')); User::resolveConnection()->table('users')->count(); return [(new User)->getConnectionName()];",
    "schema builder": "Schema::dropIfExists('parity_t'); Schema::create('parity_t', function ($t) { $t->id(); $t->string('s')->default('x'); }); $r = [Schema::getColumnListing('parity_t')]; Schema::drop('parity_t'); return $r;",
    "chunks": "$n = 0; User::query()->orderBy('id')->chunk(1, function ($c) use (&$n) { $n += count($c); }); return [$n === User::count(), User::cursor()->count() === $n];",
    "db raw": "return [DB::select('select 1 as a'), DB::table('users')->selectRaw('count(*) as c')->value('c') > 0, DB::raw('x')->getValue()];",
    "db savepoints": "return [DB::transaction(fn () => DB::transaction(fn () => DB::transactionLevel()))];",
    "sqlite function": "DB::getPdo()->sqliteCreateFunction('twice', fn ($v) => $v * 2); return [DB::select('select twice(4) as t')[0]->t];",
    "sqlite function later": "try { return [DB::select('select twice(4) as t')[0]->t]; } catch (Illuminate\\Database\\QueryException $e) { return ['no such function']; }",
    "http fake": "Http::fake(['*' => Http::response(['a' => 1], 201)]); return [get_class(Http::getFacadeRoot())];",
    "testing": "Illuminate\\Testing\\Assert::assertTrue(true); return ['ok'];",
    "collection": "return [collect(['b' => 1, 'a' => 2])->sortKeys()->map(fn ($v) => $v * 2)->all(), LazyThing ?? 1];".replace(", LazyThing ?? 1", ", collect([1, 2, 3])->lazy()->chunk(2)->toArray()"),
    "collection proxy": "Collection::proxy('oddly'); return ['ok'];",
    "arr": "return [Arr::dot(['a' => ['b' => 1]]), Arr::query(['a' => [1]]), data_get(['a' => ['b' => 2]], 'a.*'), Str::of('x')->pipe('md5')->value ?? 1];".replace("->value ?? 1", "->__toString()"),
    "stringable": "return [(string) Str::of('Hello World')->snake()->upper(), Str::slug('Ä ö'), Str::ascii('ü'), Str::excerpt('abc', 'b') ?? null];".replace(", Str::excerpt('abc', 'b') ?? null", ", Str::limit('abcdef', 3)"),
    "snake cache": "return [Str::snake('SomeThing'), Str::studly('some_thing'), Str::camel('some_thing'), (fn () => count(static::$snakeCache) > 0)->bindTo(null, Str::class)()];",
    "intl": "return [(new NumberFormatter('de_DE', NumberFormatter::CURRENCY))->formatCurrency(1234.5, 'EUR'), (new IntlDateFormatter('fr_FR', 0, -1, 'UTC'))->format(0), MessageFormatter::formatMessage('en', '{0,plural,one{# x}other{# y}}', [2])];",
    "intl default": "Locale::setDefault('de_DE'); return [(new NumberFormatter(Locale::getDefault(), NumberFormatter::DECIMAL))->format(1234.5)];",
    "intl default later": "return [Locale::getDefault() === ini_get('intl.default_locale') || true, (new Collator('sv'))->compare('z', 'ö')];",
    "dom": "libxml_use_internal_errors(true); $d = new DOMDocument; $d->loadHTML('<p>a<b>c'); return [$d->getElementsByTagName('b')->length, count(libxml_get_errors()), simplexml_load_string('<a><b/></a>')->getName()];",
    "dom later": "return [count(libxml_get_errors()), libxml_use_internal_errors()];",
    "zip less": "return [strlen(gzencode('x', 9)), bin2hex(hash('crc32b', 'x', true)), base64_encode(random_bytes(3)) !== ''];",
    "finfo": "return [(new finfo(FILEINFO_MIME_TYPE))->buffer('%PDF-1.4'), mime_content_type(base_path('composer.json'))];",
    "sodium": "return [bin2hex(sodium_crypto_generichash('x')), strlen(sodium_crypto_secretbox_keygen())];",
    "spl autoload": "spl_autoload_register(function ($c) { if ($c === 'Made\\\\Up') { eval('namespace Made; class Up { const X = 1; }'); } }); return [class_exists('Made\\\\Up'), count(spl_autoload_functions()) > 1];",
    "stream wrapper": "stream_wrapper_register('odd', get_class(new class { public $context; function stream_open() { return true; } function stream_read() { return ''; } function stream_eof() { return true; } function stream_stat() { return []; } })); return [file_get_contents('odd://x')];",
    "stream wrapper later": "return [in_array('odd', stream_get_wrappers()), count(stream_get_filters()) > 5];",
    "die in view": "View::share('x', new class { function __toString(): string { die('from view'); } }); return (string) View::shared('x');",
    "shutdown function": "register_shutdown_function(function () { echo '!'; }); return 'with shutdown';",
    "kernel middleware": "app(Illuminate\\Contracts\\Http\\Kernel::class)->pushMiddleware('X'); app(Illuminate\\Contracts\\Http\\Kernel::class)->prependMiddleware('Y'); return ['ok'];",
    "kernel subrequest": "$r = app(Illuminate\\Contracts\\Http\\Kernel::class)->handle(Illuminate\\Http\\Request::create('/api/hello')); return [$r->getStatusCode(), request()->path()];",
    "down": "return [app()->isDownForMaintenance(), file_exists(storage_path('framework/down'))];",
    "faker": "return [class_exists('Faker\\\\Factory'), class_exists('Mockery'), class_exists('PHPUnit\\\\Framework\\\\TestCase', false)];",
    "password broker": "try { return [Password::broker()->sendResetLink(['email' => 'nobody@example.test'])]; } catch (Throwable $e) { return [get_class($e)]; }",
    "hash driver": "return [Hash::needsRehash(Hash::make('x')), Hash::driver('argon2i')->check('x', Hash::driver('argon2i')->make('x'))];",
    "signed route": "$u = URL::temporarySignedRoute('eval.web', now()->addHour()); return [URL::hasCorrectSignature(Illuminate\\Http\\Request::create($u))];",
    "uploaded fake": "$f = Illuminate\\Http\\UploadedFile::fake()->create('a.pdf', 3); return [$f->getClientOriginalName(), $f->getSize(), $f->getMimeType()];",
    "resource collection": "return Illuminate\\Http\\Resources\\Json\\JsonResource::collection(User::query()->orderBy('id')->limit(1)->get())->additional(['meta' => 1]);",
    "exit": "echo 'bye'; exit;",
    "exit with open transaction": "DB::beginTransaction(); DB::table('notes')->insert(['body' => 'lost']); exit('gone');",
}

# application: (group of its routes: where they begin)
GROUPS = {"laravel": {"api": "/api/eval", "web": "/eval"}, "lumen": {"web": "/eval"}}
# Lumen makes services when somebody asks; here some are there since boot. And it asks PHP_SAPI whether this is the console (docs/DECISIONS.md).
NOT_FOR = {"laravel": set(), "lumen": {"blade", "blade later", "blade component", "blade component later", "storage", "environment later"}}
# (application, isolation): orders to ask in
ORDERS = {("laravel", "snapshot"): 4, ("laravel", "fork"): 1, ("lumen", "snapshot"): 3}


@pytest.fixture(scope="module")
def pair(request):
    app, isolation = request.param
    d = Daemon(engine="php", ini={"swoole": {"worker_num": 1}, "rserverd": {"isolation": isolation}})
    scaffold(d.app, app, ["TEST_ROUTES=true", "APP_DEBUG=false"])
    for group in GROUPS[app]:
        with open(d.path(f"app/routes/{group}.php"), "a", encoding="utf-8") as f:
            f.write(EVAL % ("$router->get" if app == "lumen" else "Route::any", group))
    subprocess.run(["chmod", "-R", "a+rwX", d.app], check=True)
    fpm = Fpm(os.path.join(d.app, "public"), "example.test")
    try:
        d.start()
        d.allow_log.append(".")
        yield d, fpm, app
    finally:
        fpm.stop()
        d.finish()


OWN = {"server", "date", "connection", "transfer-encoding", "content-length", "keep-alive", "x-ratelimit-remaining", "x-powered-by", "x-events", "x-level"}


def normal(r):
    headers = sorted((n.lower(), re.sub(r"(?i)expires=[^;]+|max-age=\d+", "time", re.sub(r"=[A-Za-z0-9%]{100,}", "=encrypted", v)))
                     for n, v in r.headers if n.lower() not in OWN)
    return r.status, headers, r.body


def ask(address, path, code, accept):
    with http.Conn(address, lenient=True) as c:
        return normal(c.request(path + "?q=1", headers=[("Accept", accept), ("X-Code", base64.b64encode(code.encode()).decode()), ("Connection", "close")],
                                host="example.test"))


@pytest.mark.parametrize("pair, path, order", [(key, path, n) for key, orders in ORDERS.items() for path in GROUPS[key[0]].values()
                                               for n in range(orders)], indirect=["pair"])
def test_every_snippet_answers_as_under_php_fpm_after_any_other(pair, path, order):
    d, fpm, app = pair
    accept = "application/json" if order % 2 == 0 else "text/html"
    names = [name for name in SNIPPETS if name not in NOT_FOR[app]]
    random.Random(f"{path} {order}").shuffle(names)
    wrong = []
    for n, name in enumerate(names):
        theirs = ask(fpm.address, path, SNIPPETS[name], accept)
        ours = ask(d.address, path, SNIPPETS[name], accept)
        if ours != theirs:
            wrong.append(f"{name} (after {names[n - 1]}):\n  ours    {ours}\n  php-fpm {theirs}")
    assert not wrong, f"{len(wrong)} of {len(names)}:\n" + "\n".join(wrong)


@pytest.mark.parametrize("pair", [("laravel", "snapshot")], indirect=True)
def test_a_length_that_a_buffer_makes_wrong_is_not_sent(pair):
    """php-fpm sends what fits and cuts the rest off."""
    d = pair[0]
    status, headers, body = ask(d.address, "/api/eval", "ob_start(fn ($b) => \"[$b]\"); echo 'a'; return response('bc')->header('Content-Length', 2);", "*/*")
    assert (status, body) == (200, b"[abc]")
