<?php

declare(strict_types=1);

/*
 * What a request can leave behind: name => [source, pollute, probe, clean].
 *
 * source: "spec" = the thirty that spec/modes.md section 7.1 was measured with, "ours" = the rest. pollute() is what visitor A does;
 * probe() returns what visitor B sees; clean is what B has to see, whatever A did. Probes of counters count: B starts at 1.
 */

use App\Models\Note;
use App\Models\User;
use App\Pollution\Counter;
use App\Pollution\Greeting;
use App\Pollution\LateCounter;
use App\Pollution\LateModel;
use App\Pollution\LazyShelf;
use App\Pollution\PollutedGrammar;
use App\Pollution\Shelf;
use App\Pollution\Suit;
use App\Pollution\Ticking;
use App\Pollution\Watcher;
use App\Pollution\WatcherFilter;
use App\Providers\AppServiceProvider;
use Carbon\Carbon;
use Carbon\CarbonImmutable;
use Carbon\Translator as CarbonTranslator;
use Illuminate\Auth\Notifications\ResetPassword;
use Illuminate\Config\Repository;
use Illuminate\Container\Container;
use Illuminate\Contracts\Http\Kernel;
use Illuminate\Cookie\Middleware\EncryptCookies;
use Illuminate\Database\Eloquent\Model;
use Illuminate\Database\Eloquent\Relations\Relation;
use Illuminate\Database\Schema\Builder as SchemaBuilder;
use Illuminate\Foundation\Http\Middleware\TrimStrings;
use Illuminate\Http\Request;
use Illuminate\Http\Resources\Json\JsonResource;
use Illuminate\Http\Response;
use Illuminate\Pagination\Paginator;
use Illuminate\Queue\Queue as QueueBase;
use Illuminate\Support\Arr;
use Illuminate\Support\Collection;
use Illuminate\Support\Env;
use Illuminate\Support\Facades\App;
use Illuminate\Support\Facades\Auth;
use Illuminate\Support\Facades\Blade;
use Illuminate\Support\Facades\Bus;
use Illuminate\Support\Facades\Cache;
use Illuminate\Support\Facades\Config;
use Illuminate\Support\Facades\Cookie;
use Illuminate\Support\Facades\Crypt;
use Illuminate\Support\Facades\Date;
use Illuminate\Support\Facades\DB;
use Illuminate\Support\Facades\Event;
use Illuminate\Support\Facades\Facade;
use Illuminate\Support\Facades\Gate;
use Illuminate\Support\Facades\Hash;
use Illuminate\Support\Facades\Http;
use Illuminate\Support\Facades\Lang;
use Illuminate\Support\Facades\Log;
use Illuminate\Support\Facades\Mail;
use Illuminate\Support\Facades\Queue;
use Illuminate\Support\Facades\Route;
use Illuminate\Support\Facades\Session;
use Illuminate\Support\Facades\Storage;
use Illuminate\Support\Facades\URL;
use Illuminate\Support\Facades\Validator;
use Illuminate\Support\Facades\View;
use Illuminate\Support\ServiceProvider;
use Illuminate\Support\Str;
use Illuminate\Support\Testing\Fakes\BusFake;
use Illuminate\Support\Testing\Fakes\EventFake;
use Illuminate\Support\Testing\Fakes\MailFake;
use Illuminate\Support\Testing\Fakes\QueueFake;
use Illuminate\Validation\Rules\Password;
use Monolog\Handler\NullHandler;

$peek = static fn (object $of, string $property): mixed => (fn (): mixed => $this->$property)->call($of);
$shelf = static fn (): Shelf => app(Shelf::class);
$errorHandler = static function (): string {
    $handler = set_error_handler(null);
    restore_error_handler();

    return is_array($handler) ? get_class($handler[0]) : get_debug_type($handler);
};
$exceptionHandler = static function (): string {
    $handler = set_exception_handler(null);
    restore_exception_handler();

    return is_array($handler) ? get_class($handler[0]) : get_debug_type($handler);
};
$true = static fn (): bool => true;

return [
    // -- the thirty of the specification
    'config.set' => ['spec', static fn () => config(['app.name' => 'polluted', 'app.new' => 'polluted']),
        static fn () => [config('app.name'), config('app.new')], ['Demo', null]],
    'event.listener' => ['spec', static fn () => Event::listen('pollution', $true), static fn () => Event::hasListeners('pollution'), false],
    'view.share' => ['spec', static fn () => View::share('polluted', 1), static fn () => array_key_exists('polluted', View::getShared()), false],
    'container.binding' => ['spec', static fn () => app()->bind('polluted', $true), static fn () => app()->bound('polluted'), false],
    'container.singleton' => ['spec', static fn () => app()->instance(Greeting::class, new Greeting('polluted')),
        static fn () => app(Greeting::class)->text, 'hello'],
    'auth.user' => ['spec', static fn () => Auth::loginUsingId(1), static fn () => [Auth::id(), request()->user()?->id], [null, null]],
    'gate.ability' => ['spec', static fn () => Gate::define('pollute', $true), static fn () => Gate::has('pollute'), false],
    'route.added' => ['spec', static fn () => Route::get('polluted', $true)->name('polluted'), static function (): bool {
        Route::getRoutes()->refreshNameLookups();

        return Route::has('polluted');
    }, false],
    'middleware.group' => ['spec', static fn () => Route::pushMiddlewareToGroup('web', Watcher::class),
        static fn () => in_array(Watcher::class, Route::getMiddlewareGroups()['web'], true), false],
    'middleware.kernel' => ['spec', static fn () => app(Kernel::class)->pushMiddleware(Watcher::class),
        static fn () => app(Kernel::class)->hasMiddleware(Watcher::class), false],
    'macro.str' => ['spec', static fn () => Str::macro('polluted', $true), static fn () => Str::hasMacro('polluted'), false],
    'macro.collection' => ['spec', static fn () => Collection::macro('polluted', $true), static fn () => Collection::hasMacro('polluted'), false],
    'macro.request' => ['spec', static fn () => Request::macro('polluted', $true), static fn () => Request::hasMacro('polluted'), false],
    'macro.response' => ['spec', static fn () => Response::macro('polluted', $true), static fn () => Response::hasMacro('polluted'), false],
    'static.property' => ['spec', static fn () => Counter::$seen[] = 'polluted', static fn () => Counter::$seen, []],
    'static.function' => ['spec', static fn () => Counter::next(), static fn () => Counter::next(), 1],
    'static.closure' => ['spec', static fn () => app('counter')(), static fn () => app('counter')(), 1],
    'php.global' => ['spec', static fn () => $GLOBALS['polluted'] = 1, static fn () => isset($GLOBALS['polluted']), false],
    'php.ini_set' => ['spec', static fn () => ini_set('precision', '3'), static fn () => ini_get('precision'), '14'],
    'php.timezone' => ['spec', static fn () => date_default_timezone_set('Asia/Tokyo'), static fn () => date_default_timezone_get(), 'UTC'],
    'php.output_buffer' => ['spec', static fn () => ob_start([Watcher::class, 'pass']),
        static fn () => in_array(Watcher::class . '::pass', ob_list_handlers(), true), false],
    'carbon.test_now' => ['spec', static fn () => Carbon::setTestNow('2001-02-03'), static fn () => Carbon::hasTestNow(), false],
    'model.unguard' => ['spec', static fn () => Model::unguard(), static fn () => Model::isUnguarded(), false],
    'url.root' => ['spec', static fn () => URL::forceRootUrl('http://polluted.test'), static fn () => str_contains(url('/'), 'polluted'), false],
    'url.scheme' => ['spec', static fn () => URL::forceScheme('https'), static fn () => parse_url(url('/'), PHP_URL_SCHEME), 'http'],
    'db.query_log' => ['spec', static function (): void {
        DB::enableQueryLog();
        DB::select('select 1');
    }, static fn () => [DB::logging(), count(DB::getQueryLog())], [false, 0]],
    'db.transaction' => ['spec', static function (): void {
        DB::beginTransaction();
        DB::table('notes')->insert(['text' => 'polluted']);
    }, static function (): array {
        $seen = [DB::transactionLevel(), Note::where('text', 'polluted')->count()];
        DB::beginTransaction();
        DB::rollBack();

        return $seen;
    }, [0, 0]],
    'cookie.queued' => ['spec', static fn () => Cookie::queue('polluted', '1'), static fn () => Cookie::hasQueued('polluted'), false],
    'app.locale' => ['spec', static fn () => App::setLocale('de'), static fn () => [App::getLocale(), __('demo.greeting')], ['en', 'Good morning']],
    'session.data' => ['spec', static fn () => session(['secret' => 'polluted']), static fn () => session('secret'), null],

    // -- the container and the application
    'container.alias' => ['ours', static fn () => app()->alias(Greeting::class, 'polluted.alias'),
        static fn () => app()->isAlias('polluted.alias'), false],
    'container.extend' => ['ours', static fn () => app()->extend(Greeting::class, static fn () => new Greeting('extended')),
        static fn () => app(Greeting::class)->text, 'hello'],
    'container.tag' => ['ours', static fn () => app()->tag([Greeting::class], 'polluted'), static fn () => count([...app()->tagged('polluted')]), 0],
    'container.contextual' => ['ours', static fn () => app()->when(Greeting::class)->needs('$text')->give('polluted'),
        static fn () => app()->build(Greeting::class)->text, 'hello'],
    'container.resolving' => ['ours', static fn () => app()->resolving(static fn (mixed $made) => $made instanceof Greeting && $made->text = 'polluted'),
        static fn () => app()->make(Greeting::class, ['text' => 'made'])->text, 'made'],
    'container.rebinding' => ['ours', static fn () => app()->rebinding('request', static fn () => Counter::$text = 'rebound'), static function (): string {
        app()->instance('request', request());

        return Counter::$text;
    }, 'clean'],
    'container.terminating' => ['ours', static fn () => app()->terminating($true), static fn () => count($peek(app(), 'terminatingCallbacks')), 0],
    'container.lazy' => ['ours', static fn () => app(LazyShelf::class)->books[] = 'polluted', static fn () => app(LazyShelf::class)->books, []],
    'container.instance' => ['ours', static fn () => Container::setInstance(clone app()),
        static fn () => Container::getInstance() === Facade::getFacadeApplication(), true],
    'facade.swap' => ['ours', static fn () => Config::swap(new Repository(['app' => ['name' => 'polluted']] + config()->all())),
        static fn () => Config::get('app.name'), 'Demo'],
    'app.environment' => ['ours', static fn () => app()->detectEnvironment(static fn () => 'polluted'), static fn () => App::environment(), 'local'],
    'app.storage_path' => ['ours', static fn () => app()->useLangPath('/polluted'), static fn () => app()->langPath() === '/polluted', false],
    'provider.registered' => ['ours', static fn () => app()->register(new class (app()) extends ServiceProvider {
        public function register(): void
        {
            $this->app->instance('polluted.provided', 1);
        }
    }), static fn () => app()->bound('polluted.provided'), false],
    'provider.monkeyed' => ['ours', static fn () => app()->getProvider(AppServiceProvider::class)->answer = 'polluted',
        static fn () => app()->getProvider(AppServiceProvider::class)->answer, 'clean'],

    // -- logging, dates, translations: objects and statics of packages
    'monolog.handler' => ['ours', static fn () => Log::channel()->getLogger()->pushHandler(new NullHandler()),
        static fn () => count(Log::channel()->getLogger()->getHandlers()), 1],
    'monolog.processor' => ['ours', static fn () => Log::channel()->getLogger()->pushProcessor(static fn ($record) => $record),
        static fn () => count(Log::channel()->getLogger()->getProcessors()), 0],
    'log.context' => ['ours', static fn () => Log::withContext(['secret' => 'polluted']), static fn () => $peek(Log::channel(), 'context'), []],
    'log.channel' => ['ours', static fn () => Log::setDefaultDriver('null'), static fn () => Log::getDefaultDriver(), 'single'],
    'carbon.locale' => ['ours', static fn () => Carbon::setLocale('fr'), static fn () => Carbon::parse('2001-02-03 06:00')->diffForHumans('2001-02-03 04:00'), '2 hours after'],
    'carbon.macro' => ['ours', static fn () => Carbon::macro('polluted', $true), static fn () => Carbon::hasMacro('polluted'), false],
    'carbon.weekend' => ['ours', static fn () => Carbon::setWeekendDays([Carbon::FRIDAY]), static fn () => Carbon::getWeekendDays(), [6, 0]],
    'carbon.translator' => ['ours', static fn () => CarbonTranslator::get('en')->setMessages('en', ['after' => 'polluted']),
        static fn () => Carbon::parse('2001-02-03 06:00')->diffForHumans('2001-02-03 04:00'), '2 hours after'],
    'date.handler' => ['ours', static fn () => Date::use(CarbonImmutable::class), static fn () => now() instanceof CarbonImmutable, false],
    'translator.lines' => ['ours', static fn () => Lang::addLines(['demo.greeting' => 'polluted'], 'en'), static fn () => __('demo.greeting'), 'Good morning'],
    'translator.fallback' => ['ours', static fn () => Lang::setFallback('de'), static fn () => Lang::getFallback(), 'en'],
    'str.uuid_factory' => ['ours', static fn () => Str::createUuidsUsing(static fn () => 'polluted'), static fn () => (string) Str::uuid() === 'polluted', false],
    'macro.arr' => ['ours', static fn () => Arr::macro('polluted', $true), static fn () => Arr::hasMacro('polluted'), false],
    'collection.proxy' => ['ours', static fn () => Collection::proxy('polluted'),
        static fn () => in_array('polluted', (static fn () => static::$proxies)->bindTo(null, Collection::class)(), true), false],

    // -- models and the database
    'model.morph_map' => ['ours', static fn () => Relation::morphMap(['polluted' => Note::class]), static fn () => Relation::morphMap(), []],
    'model.global_scope' => ['ours', static fn () => Note::addGlobalScope('polluted', static fn ($query) => $query->whereRaw('0')),
        static fn () => array_keys((new Note())->getGlobalScopes()), []],
    'model.booted' => ['ours', static fn () => LateModel::query()->toBase(), static function (): string {
        $note = new LateModel();
        $note->text = 'x';
        (fn () => $this->fireModelEvent('saving'))->call($note);

        return $note->text;
    }, 'x!'],
    'model.observer' => ['ours', static fn () => Note::observe(Watcher::class),
        static fn () => Event::hasListeners('eloquent.creating: ' . Note::class), false],
    'model.lazy_loading' => ['ours', static fn () => Model::preventLazyLoading(), static fn () => Model::preventsLazyLoading(), false],
    'model.dispatcher' => ['ours', static fn () => Model::unsetEventDispatcher(), static fn () => Model::getEventDispatcher() === app('events'), true],
    'model.attributes' => ['ours', static fn () => Note::$snakeAttributes = false, static fn () => Model::$snakeAttributes, true],
    'model.resolver' => ['ours', static fn () => Note::resolveRelationUsing('polluted', $true),
        static fn () => count((static fn () => static::$relationResolvers)->bindTo(null, Note::class)()), 0],
    'schema.string_length' => ['ours', static fn () => SchemaBuilder::defaultStringLength(9), static fn () => SchemaBuilder::$defaultStringLength, 255],
    'db.default' => ['ours', static fn () => DB::setDefaultConnection('polluted'), static fn () => DB::getDefaultConnection(), 'sqlite'],
    'db.listener' => ['ours', static fn () => DB::listen(static fn () => Counter::$text = 'heard'), static function (): string {
        DB::select('select 1');

        return Counter::$text;
    }, 'clean'],
    'db.extend' => ['ours', static fn () => DB::extend('polluted', $true), static fn () => array_keys($peek(app('db'), 'extensions')), []],
    'db.grammar' => ['ours', static fn () => DB::connection()->setQueryGrammar(new PollutedGrammar(DB::connection())),
        static fn () => class_basename(DB::connection()->getQueryGrammar()), 'SQLiteGrammar'],
    'db.made' => ['ours', static function (): void {
        DB::purge('sqlite::write');
        $made = DB::connection('sqlite::write');
        $made->setQueryGrammar(new PollutedGrammar($made));
        $made->setDatabaseName('polluted');
    }, static fn () => [class_basename(DB::connection('sqlite::write')->getQueryGrammar()),
        DB::connection('sqlite::write')->getDatabaseName() === config('database.connections.sqlite.database')], ['SQLiteGrammar', true]],
    'db.prefix' => ['ours', static fn () => DB::connection()->setTablePrefix('polluted_'), static fn () => DB::connection()->getTablePrefix(), ''],

    // -- pages, validation, gates
    'pagination.page' => ['ours', static fn () => Paginator::currentPageResolver(static fn () => 77), static fn () => Paginator::resolveCurrentPage(), 1],
    'pagination.path' => ['ours', static fn () => Paginator::currentPathResolver(static fn () => '/polluted'),
        static fn () => Paginator::resolveCurrentPath() === '/polluted', false],
    'pagination.view' => ['ours', static fn () => Paginator::useBootstrap(), static fn () => Paginator::$defaultView, 'pagination::tailwind'],
    'validator.extend' => ['ours', static fn () => Validator::extend('polluted', $true), static fn () => array_keys($peek(app('validator'), 'extensions')), []],
    'validator.replacer' => ['ours', static fn () => Validator::replacer('required', static fn () => 'polluted'),
        static fn () => Validator::make([], ['x' => 'required'])->errors()->first('x') === 'polluted', false],
    'validator.resolver' => ['ours', static fn () => Validator::resolver($true), static fn () => $peek(app('validator'), 'resolver') === null, true],
    'password.defaults' => ['ours', static fn () => Password::defaults(static fn () => Password::min(99)),
        static fn () => $peek(Password::default(), 'min'), 8],
    'gate.before' => ['ours', static fn () => Gate::before($true), static fn () => Gate::forUser(new User())->allows('anything'), false],
    'gate.policy' => ['ours', static fn () => Gate::policy(Note::class, Watcher::class), static fn () => Gate::policies(), []],

    // -- views
    'blade.directive' => ['ours', static fn () => Blade::directive('polluted', $true), static fn () => array_keys(Blade::getCustomDirectives()), []],
    'blade.component' => ['ours', static fn () => Blade::component(Watcher::class, 'polluted'), static fn () => array_key_exists('polluted', Blade::getClassComponentAliases()), false],
    'blade.if' => ['ours', static fn () => Blade::if('polluted', $true), static fn () => array_keys($peek(Blade::getFacadeRoot(), 'conditions')), []],
    'view.composer' => ['ours', static fn () => View::composer('home', $true), static fn () => Event::hasListeners('composing: home'), false],
    'view.namespace' => ['ours', static fn () => View::addNamespace('polluted', '/polluted'),
        static fn () => array_key_exists('polluted', View::getFinder()->getHints()), false],
    'view.location' => ['ours', static fn () => View::addLocation('/polluted'), static fn () => in_array('/polluted', View::getFinder()->getPaths(), true), false],
    'view.section' => ['ours', static function (): void {
        View::startSection('polluted', 'x');
        View::startPush('polluted', 'x');
    }, static fn () => View::getSections(), []],

    // -- URLs and routes
    'url.defaults' => ['ours', static fn () => URL::defaults(['tenant' => 'polluted']), static fn () => URL::getDefaultParameters(), []],
    'url.formatter' => ['ours', static fn () => URL::formatPathUsing(static fn () => '/polluted'), static fn () => str_contains(url('/x'), 'polluted'), false],
    'route.pattern' => ['ours', static fn () => Route::pattern('id', 'polluted'), static fn () => Route::getPatterns(), []],
    'route.bind' => ['ours', static fn () => Route::bind('polluted', $true), static fn () => Route::getBindingCallback('polluted') === null, true],
    'route.middleware' => ['ours', static fn () => Route::aliasMiddleware('polluted', Watcher::class),
        static fn () => array_key_exists('polluted', Route::getMiddleware()), false],
    'route.mutated' => ['ours', static fn () => Route::getRoutes()->getByName('home')->middleware(Watcher::class),
        static fn () => in_array(Watcher::class, Route::getRoutes()->getByName('home')->middleware(), true), false],

    // -- events, queues, mail, files, HTTP
    'event.subscriber' => ['ours', static fn () => Event::subscribe(Watcher::class), static fn () => Event::hasListeners('pollution.subscribed'), false],
    'event.forgotten' => ['ours', static fn () => Event::forget('laravels.received_request'),
        static fn () => Event::hasListeners('laravels.received_request'), true],
    'event.wildcard' => ['ours', static fn () => Event::listen('pollution.*', $true), static fn () => Event::hasListeners('pollution.x'), false],
    'event.fake' => ['ours', static fn () => Event::fake(), static fn () => Event::getFacadeRoot() instanceof EventFake, false],
    'cache.array' => ['ours', static fn () => Cache::store('array')->put('secret', 'polluted', 60), static fn () => Cache::store('array')->get('secret'), null],
    'cache.extend' => ['ours', static fn () => Cache::extend('polluted', fn (): bool => true), static fn () => array_keys($peek(app('cache'), 'customCreators')), []],
    'mail.always_to' => ['ours', static fn () => Mail::alwaysTo('polluted@example.test'), static fn () => $peek(Mail::mailer(), 'to'), null],
    'mail.fake' => ['ours', static fn () => Mail::fake(), static fn () => Mail::getFacadeRoot() instanceof MailFake, false],
    'queue.fake' => ['ours', static fn () => Queue::fake(), static fn () => Queue::getFacadeRoot() instanceof QueueFake, false],
    'queue.payload' => ['ours', static fn () => QueueBase::createPayloadUsing(static fn () => ['secret' => 'polluted']),
        static fn () => count((static fn () => static::$createPayloadCallbacks)->bindTo(null, QueueBase::class)()), 0],
    'bus.fake' => ['ours', static fn () => Bus::fake(), static fn () => Bus::getFacadeRoot() instanceof BusFake, false],
    'bus.pipe' => ['ours', static fn () => Bus::pipeThrough([Watcher::class]), static fn () => $peek(Bus::getFacadeRoot(), 'pipes'), []],
    'storage.fake' => ['ours', static fn () => Storage::fake('local'), static fn () => str_contains(Storage::disk('local')->path(''), 'testing'), false],
    'http.fake' => ['ours', static fn () => Http::fake(), static fn () => count($peek(Http::getFacadeRoot(), 'stubCallbacks')), 0],

    // -- users, sessions, cookies, requests
    'auth.via_request' => ['ours', static fn () => Auth::viaRequest('polluted', $true), static fn () => array_keys($peek(app('auth'), 'customCreators')), []],
    'auth.should_use' => ['ours', static fn () => Auth::shouldUse('api'), static fn () => Auth::getDefaultDriver(), 'web'],
    'auth.user_resolver' => ['ours', static fn () => Auth::resolveUsersUsing(static fn () => new User(['name' => 'polluted'])),
        static fn () => (Auth::userResolver())()?->name, null],
    'auth.provider' => ['ours', static fn () => Auth::guard('web')->getProvider()->setModel('Polluted'),
        static fn () => Auth::guard('web')->getProvider()->getModel(), User::class],
    'auth.reset_url' => ['ours', static fn () => ResetPassword::createUrlUsing($true), static fn () => ResetPassword::$createUrlCallback === null, true],
    'hash.rounds' => ['ours', static fn () => Hash::driver('bcrypt')->setRounds(5), static fn () => $peek(Hash::driver('bcrypt'), 'rounds'), 4],
    'session.extend' => ['ours', static fn () => Session::extend('polluted', $true), static fn () => array_keys($peek(app('session'), 'customCreators')), []],
    'session.flash' => ['ours', static fn () => session()->flash('secret', 'polluted'), static fn () => session()->has('secret'), false],
    'cookie.path' => ['ours', static fn () => Cookie::setDefaultPathAndDomain('/polluted', 'polluted.test'), static fn () => cookie('x', 'y')->getPath(), '/'],
    'cookie.unencrypted' => ['ours', static fn () => app(EncryptCookies::class)->disableFor('polluted'),
        static fn () => app(EncryptCookies::class)->isDisabled('polluted'), false],
    'crypt.swap' => ['ours', static fn () => Crypt::swap(new Greeting('polluted')), static fn () => Crypt::getFacadeRoot() instanceof Greeting, false],
    'request.proxies' => ['ours', static fn () => Request::setTrustedProxies(['10.0.0.1'], Request::HEADER_X_FORWARDED_FOR),
        static fn () => Request::getTrustedProxies(), []],
    'request.hosts' => ['ours', static fn () => Request::setTrustedHosts(['.*']), static fn () => Request::getTrustedHosts(), []],
    'request.formats' => ['ours', static fn () => request()->setFormat('polluted', 'application/x-polluted'),
        static fn () => Request::getMimeTypes('polluted'), []],
    'request.factory' => ['ours', static fn () => Request::setFactory(static fn (...$a) => new Request(...$a)),
        static fn () => (static fn () => static::$requestFactory)->bindTo(null, Request::class)() === null, true],
    'middleware.skip' => ['ours', static fn () => TrimStrings::skipWhen($true),
        static fn () => count((static fn () => static::$skipCallbacks)->bindTo(null, TrimStrings::class)()), 0],
    'resource.wrap' => ['ours', static fn () => JsonResource::withoutWrapping(), static fn () => JsonResource::$wrap, 'data'],
    'macro.route' => ['ours', static fn () => Illuminate\Routing\Router::macro('polluted', $true),
        static fn () => Illuminate\Routing\Router::hasMacro('polluted'), false],

    // -- state of classes, functions and objects
    'static.method' => ['ours', static fn () => (new Counter())->nextOfMine(), static fn () => (new Counter())->nextOfMine(), 1],
    'static.late_class' => ['ours', static fn () => LateCounter::$late = 5, static fn () => LateCounter::$late, 0],
    'static.inherited' => ['ours', static fn () => LateCounter::$text = 'polluted', static fn () => [Counter::$text, LateCounter::inherited()], ['clean', 'clean']],
    'static.reference' => ['ours', static function (): void {
        Counter::$reference = &Counter::$seen;
        Counter::$reference[] = 'polluted';
    }, static fn () => [Counter::$seen, Counter::$reference], [[], null]],
    'static.callable' => ['ours', static fn () => app('counter.static')(), static fn () => app('counter.static')(), 1],
    'static.enum' => ['ours', static fn () => Suit::asked(), static fn () => Suit::asked(), 1],
    'static.enum_case' => ['ours', static fn () => Suit::Hearts->label('polluted'), static fn () => Suit::Hearts->label(), 'Hearts'],
    'object.property' => ['ours', static fn () => $shelf()->plain = 'polluted', static fn () => $shelf()->plain, 'clean'],
    'object.nested' => ['ours', static fn () => $shelf()->nested['a']['b'] = 'polluted', static fn () => $shelf()->nested, ['a' => ['b' => 'clean']]],
    'object.reference' => ['ours', static fn () => $shelf()->referring['x'] = 'polluted', static fn () => $shelf()->behind, 'clean'],
    'object.typed' => ['ours', static fn () => $shelf()->typed = 1, static fn () => isset($shelf()->typed), false],
    'object.readonly' => ['ours', static fn () => (fn () => $this->once = 'polluted')->call($shelf()), static fn () => isset($shelf()->once), false],
    'object.unset' => ['ours', static function () use ($shelf): void {
        unset($shelf()->plain);
    }, static fn () => isset($shelf()->plain), true],
    'object.dynamic' => ['ours', static fn () => $shelf()->polluted = 1, static fn () => isset($shelf()->polluted), false],
    'object.closure' => ['ours', static fn () => $shelf()->closure = static fn (): string => 'polluted', static fn () => ($shelf()->closure)(), 'clean'],
    'spl.array_object' => ['ours', static fn () => $shelf()->list[] = 'polluted', static fn () => $shelf()->list->getArrayCopy(), ['clean']],
    'spl.array_iterator' => ['ours', static function () use ($shelf): void {
        $shelf()->iterator->next();
        $shelf()->iterator['c'] = 'polluted';
    }, static fn () => [$shelf()->iterator->current(), $shelf()->iterator->getArrayCopy()], ['a', ['a', 'b', 'c']]],
    'spl.object_storage' => ['ours', static fn () => $shelf()->objects[app()] = 'polluted', static fn () => [count($shelf()->objects), $shelf()->objects[$shelf()]],
        [1, 'clean']],
    'spl.weak_map' => ['ours', static function () use ($shelf): void {
        $shelf()->weak[$shelf()] = 'polluted';
        $shelf()->weak[app()] = 'polluted';
    }, static fn () => [count($shelf()->weak), $shelf()->weak[$shelf()]], [1, 'clean']],
    'spl.queue' => ['ours', static fn () => $shelf()->queue->push('polluted'), static fn () => iterator_to_array($shelf()->queue), ['clean']],
    'spl.linked_list' => ['ours', static fn () => $shelf()->linked->push('polluted'), static fn () => count($shelf()->linked), 0],
    'spl.fixed_array' => ['ours', static fn () => $shelf()->fixed[0] = 'polluted', static fn () => $shelf()->fixed->toArray(), ['clean']],
    'spl.heap' => ['ours', static fn () => $shelf()->heap->insert(1), static fn () => $shelf()->heap->top(), 2],
    'spl.priority_queue' => ['ours', static fn () => $shelf()->priorities->insert('polluted', 1), static fn () => count($shelf()->priorities), 0],
    'date.object' => ['ours', static fn () => $shelf()->date->modify('+1 year')->setTimezone(new DateTimeZone('Asia/Tokyo')),
        static fn () => $shelf()->date->format('c'), '2001-02-03T04:05:06+00:00'],
    'date.interval' => ['ours', static fn () => $shelf()->interval->d = 99, static fn () => $shelf()->interval->d, 1],
    'generator.object' => ['ours', static fn () => $shelf()->generator->next(), static fn () => $shelf()->generator->current(), 0],
    'dom.document' => ['ours', static fn () => $shelf()->document->documentElement->setAttribute('polluted', '1'),
        static fn () => $shelf()->document->documentElement->hasAttribute('polluted'), false],
    'xml.element' => ['ours', static fn () => $shelf()->xml->addChild('polluted'), static fn () => count($shelf()->xml->children()), 0],
    'hash.context' => ['ours', static fn () => hash_update($shelf()->hash, 'polluted'),
        static fn () => hash_final(hash_copy($shelf()->hash)), 'd41d8cd98f00b204e9800998ecf8427e'],
    'intl.formatter' => ['ours', static fn () => $shelf()->formatter->setAttribute(NumberFormatter::MIN_FRACTION_DIGITS, 2),
        static fn () => $shelf()->formatter->format(5), '5'],
    'stream.position' => ['ours', static fn () => fread($shelf()->stream, 3), static fn () => ftell($shelf()->stream), 0],

    // -- PHP itself
    'php.superglobals' => ['ours', static fn () => $_GET['p'] = $_SERVER['P'] = $_ENV['P'] = $_SESSION['p'] = 1,
        static fn () => isset($_GET['p']) || isset($_SERVER['P']) || isset($_ENV['P']) || isset($_SESSION['p']), false],
    'php.error_handler' => ['ours', static fn () => set_error_handler($true), $errorHandler, Illuminate\Foundation\Bootstrap\HandleExceptions::class],
    'php.exception_handler' => ['ours', static fn () => set_exception_handler($true), $exceptionHandler,
        Illuminate\Foundation\Bootstrap\HandleExceptions::class],
    'php.error_reporting' => ['ours', static fn () => error_reporting(0), static fn () => error_reporting() === 0, false],
    'php.setlocale' => ['ours', static fn () => setlocale(LC_ALL, 'C'), static fn () => setlocale(LC_CTYPE, '0'), 'C.UTF-8'],
    'php.intl_locale' => ['ours', static fn () => Locale::setDefault('de_DE'), static fn () => Locale::getDefault() === 'de_DE', false],
    'php.mb_encoding' => ['ours', static fn () => mb_internal_encoding('ISO-8859-1'), static fn () => mb_internal_encoding(), 'UTF-8'],
    'php.mb_substitute' => ['ours', static fn () => mb_substitute_character(0x58), static fn () => mb_substitute_character(), 63],
    'php.mb_detect_order' => ['ours', static fn () => mb_detect_order(['ISO-8859-1']), static fn () => mb_detect_order(), ['ASCII', 'UTF-8']],
    'php.mb_language' => ['ours', static fn () => mb_language('ja'), static fn () => mb_language(), 'neutral'],
    'php.umask' => ['ours', static fn () => umask(0031), static fn () => umask() === 0031, false],
    'php.chdir' => ['ours', static fn () => chdir('/'), static fn () => getcwd() === '/', false],
    'php.putenv' => ['ours', static function (): void {
        putenv('POLLUTED=1');
        putenv('PATH');
    }, static fn () => [getenv('POLLUTED'), is_string(getenv('PATH'))], [false, true]],
    'php.env_repository' => ['ours', static fn () => Env::getRepository()->set('POLLUTED', '1'), static fn () => env('POLLUTED'), null],
    'php.libxml_errors' => ['ours', static function (): void {
        libxml_use_internal_errors(true);
        simplexml_load_string('<x');
    }, static fn () => [libxml_use_internal_errors(), count(libxml_get_errors())], [false, 0]],
    'php.libxml_loader' => ['ours', static fn () => libxml_set_external_entity_loader(static fn () => null),
        static fn () => libxml_get_external_entity_loader() === null, true],
    'php.shutdown_function' => ['ours', static function (): void {
        @unlink(storage_path('app/shutdown'));
        register_shutdown_function(static fn () => file_put_contents(storage_path('app/shutdown'), "x\n", FILE_APPEND));
    // once is right: at the end of the request that asked for it
    }, static fn () => max(0, count(@file(storage_path('app/shutdown')) ?: []) - 1), 0],
    'php.tick_function' => ['ours', static fn () => register_tick_function([Ticking::class, 'hear']), static fn () => Ticking::work(), 0],
    'php.mt_srand' => ['ours', static fn () => mt_srand(42), static fn () => in_array(mt_rand(), [804318771, 1710563033, 2041643438], true), false],
    'php.stream_wrapper' => ['ours', static function (): void {
        stream_wrapper_register('polluted', Watcher::class);
        stream_wrapper_unregister('ftp');
    }, static fn () => [in_array('polluted', stream_get_wrappers(), true), in_array('ftp', stream_get_wrappers(), true)], [false, true]],
    'php.stream_filter' => ['ours', static fn () => stream_filter_register('polluted', WatcherFilter::class),
        static fn () => in_array('polluted', stream_get_filters(), true), false],
    'php.stream_context' => ['ours', static fn () => stream_context_set_default(['http' => ['user_agent' => 'polluted']]),
        static fn () => stream_context_get_options(stream_context_get_default()), []],
    'php.define' => ['ours', static fn () => define('POLLUTED', 1), static fn () => defined('POLLUTED'), false],
    'php.class_alias' => ['ours', static fn () => class_alias(Greeting::class, 'PollutedAlias'), static fn () => class_exists('PollutedAlias', false), false],
    'php.include_once' => ['ours', static fn () => include_once app_path('Pollution/once.php'), static fn () => include_once app_path('Pollution/once.php'), 'first'],
    'php.include_declares' => ['ours', static fn () => include_once app_path('Pollution/functions.php'),
        static fn () => include_once app_path('Pollution/functions.php'), 'first'],
    'php.function_static' => ['ours', static function (): void {
        include_once app_path('Pollution/functions.php');
        pollution_function();
    }, static function (): int {
        include_once app_path('Pollution/functions.php');

        return pollution_function();
    }, 1],
    'php.autoload' => ['ours', static fn () => spl_autoload_register([Watcher::class, 'load'], true, true),
        static fn () => in_array([Watcher::class, 'load'], spl_autoload_functions(), true), false],
    'php.include_path' => ['ours', static fn () => set_include_path('/polluted'), static fn () => get_include_path() === '/polluted', false],
    'php.gc' => ['ours', static fn () => gc_disable(), static fn () => gc_enabled(), true],
    'php.time_limit' => ['ours', static fn () => set_time_limit(77), static fn () => ini_get('max_execution_time') === '77', false],
    'php.memory_limit' => ['ours', static fn () => ini_set('memory_limit', '999M'), static fn () => ini_get('memory_limit') === '999M', false],
    'php.ignore_abort' => ['ours', static fn () => ignore_user_abort(true), static fn () => ignore_user_abort(), 0],
    'php.assert' => ['ours', static fn () => @assert_options(ASSERT_CALLBACK, $true), static fn () => @assert_options(ASSERT_CALLBACK), null],
    'php.session_name' => ['ours', static fn () => session_name('POLLUTED'), static fn () => session_name(), 'PHPSESSID'],
    'php.session_handler' => ['ours', static fn () => session_set_save_handler($true, $true, $true, $true, $true, $true),
        static fn () => session_module_name(), 'files'],
    'php.header' => ['ours', static fn () => header('X-Polluted: 1'), static fn () => preg_grep('/polluted/i', headers_list()), []],
];
