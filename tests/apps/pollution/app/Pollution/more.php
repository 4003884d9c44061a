<?php

declare(strict_types=1);

/*
 * More of what a request can leave behind, in the form of pollutions.php: extensions of PHP, connections, and corners of the framework.
 */

use App\Models\Note;
use App\Pollution\Chewed;
use App\Pollution\Greeting;
use App\Pollution\Gum;
use App\Pollution\Shelf;
use App\Pollution\Watcher;
use Carbon\Carbon;
use Carbon\CarbonImmutable;
use Carbon\CarbonInterval;
use Illuminate\Auth\Notifications\VerifyEmail;
use Illuminate\Cache\RateLimiting\Limit;
use Illuminate\Cache\Repository as CacheRepository;
use Illuminate\Config\Repository;
use Illuminate\Console\Application as Artisan;
use Illuminate\Console\Scheduling\Schedule;
use Illuminate\Contracts\Debug\ExceptionHandler;
use Illuminate\Contracts\Http\Kernel;
use Illuminate\Cookie\Middleware\EncryptCookies;
use Illuminate\Database\Connection;
use Illuminate\Database\Eloquent\Builder as EloquentBuilder;
use Illuminate\Database\Eloquent\Factories\Factory;
use Illuminate\Database\Eloquent\Model;
use Illuminate\Database\Eloquent\Relations\Relation;
use Illuminate\Database\Query\Builder as QueryBuilder;
use Illuminate\Database\Schema\Blueprint;
use Illuminate\Database\Schema\Builder as SchemaBuilder;
use Illuminate\Filesystem\Filesystem;
use Illuminate\Foundation\AliasLoader;
use Illuminate\Foundation\Http\Middleware\ConvertEmptyStringsToNull;
use Illuminate\Http\Client\PendingRequest;
use Illuminate\Http\JsonResponse;
use Illuminate\Http\RedirectResponse;
use Illuminate\Http\UploadedFile;
use Illuminate\Mail\Mailer;
use Illuminate\Pagination\Paginator;
use Illuminate\Routing\Redirector;
use Illuminate\Routing\ResourceRegistrar;
use Illuminate\Routing\UrlGenerator;
use Illuminate\Support\Env;
use Illuminate\Support\Facades\App;
use Illuminate\Support\Facades\Auth;
use Illuminate\Support\Facades\Blade;
use Illuminate\Support\Facades\Broadcast;
use Illuminate\Support\Facades\Bus;
use Illuminate\Support\Facades\Cache;
use Illuminate\Support\Facades\Config;
use Illuminate\Support\Facades\Date;
use Illuminate\Support\Facades\DB;
use Illuminate\Support\Facades\Event;
use Illuminate\Support\Facades\Facade;
use Illuminate\Support\Facades\Gate;
use Illuminate\Support\Facades\Hash;
use Illuminate\Support\Facades\Lang;
use Illuminate\Support\Facades\Log;
use Illuminate\Support\Facades\Mail;
use Illuminate\Support\Facades\Notification;
use Illuminate\Support\Facades\Queue;
use Illuminate\Support\Facades\RateLimiter;
use Illuminate\Support\Facades\Route;
use Illuminate\Support\Facades\Storage;
use Illuminate\Support\Facades\URL;
use Illuminate\Support\Facades\Validator;
use Illuminate\Support\Facades\View;
use Illuminate\Support\LazyCollection;
use Illuminate\Support\Pluralizer;
use Illuminate\Support\Stringable;
use Illuminate\Testing\TestResponse;
use Illuminate\Translation\Translator;
use Illuminate\Validation\Rule;
use Illuminate\View\Factory as ViewFactory;
use Monolog\Logger;
use Monolog\Registry;
use Symfony\Component\HttpFoundation\BinaryFileResponse;

$peek = static fn (object $of, string $property): mixed => (fn (): mixed => $this->$property)->call($of);
$static = static fn (string $class, string $property): mixed => (static fn (): mixed => static::$$property)->bindTo(null, $class)();
$shelf = static fn (): Shelf => app(Shelf::class);
$true = static fn (): bool => true;
/** What the database says, or that it does not know this. */
$sql = static function (string $expression): mixed {
    try {
        return DB::selectOne("select $expression as value")->value;
    } catch (Throwable) {
        return 'unknown';
    }
};

$rows = [
    // -- PHP's extensions
    'php.gettext_domain' => [static fn () => textdomain('polluted'), static fn () => textdomain(null), 'messages'],
    'php.gettext_directory' => [static fn () => bindtextdomain('messages', '/tmp'), static fn () => bindtextdomain('messages', null) === '/tmp', false],
    'php.gettext_codeset' => [static fn () => bind_textdomain_codeset('messages', 'ISO-8859-1'),
        static fn () => bind_textdomain_codeset('messages', null) === 'ISO-8859-1', false],
    'php.process_title' => [static fn () => cli_set_process_title('polluted'), static fn () => cli_get_process_title() === 'polluted', false],
    'php.libxml_disabled' => [static fn () => @libxml_disable_entity_loader(true), static fn () => @(new DOMDocument())->load('data:text/xml,<x/>'), true],
    'php.intl_error' => [static fn () => normalizer_normalize("\xff"), static fn () => intl_get_error_code(), 0],
    'php.ini_boot' => [static fn () => ini_set('user_agent', 'polluted'), static fn () => ini_get('user_agent'), 'clean'],
    'php.ini_restore' => [static fn () => ini_restore('user_agent'), static fn () => ini_get('user_agent'), 'clean'],
    'php.open_basedir' => [static fn () => ini_set('open_basedir', '/'), static fn () => ini_get('open_basedir'), ''],
    'php.charset' => [static fn () => ini_set('default_charset', 'KOI8-R'), static fn () => ini_get('default_charset'), 'UTF-8'],
    'php.arg_separator' => [static fn () => ini_set('arg_separator.output', '&amp;'), static fn () => http_build_query(['a' => 1, 'b' => 2]), 'a=1&b=2'],
    'php.serialize_precision' => [static fn () => ini_set('serialize_precision', '3'), static fn () => json_encode(1 / 3), '0.3333333333333333'],
    'php.compression' => [static fn () => ini_set('zlib.output_compression', '1'), static fn () => (bool) ini_get('zlib.output_compression'), false],
    'php.file_lock' => [static fn () => flock($shelf()->locked, LOCK_EX | LOCK_NB),
        static fn () => flock(fopen(storage_path('app/locked'), 'c+b'), LOCK_EX | LOCK_NB), true],
    'php.readline_history' => [static fn () => readline_add_history('polluted'), static function (): bool {
        readline_write_history(storage_path('app/history'));

        return str_contains((string) file_get_contents(storage_path('app/history')), 'polluted');
    }, false],
    'php.mb_search' => [static function (): void {
        mb_ereg_search_init('polluted', 'l');
        mb_ereg_search();
    }, static fn () => mb_ereg_search_getpos(), 0],
    'php.strtok' => [static fn () => strtok('polluted text', ' '), static fn () => strtok(' '), false],
    'php.global_unset' => [static function (): void {
        unset($GLOBALS['boot_global']);
    }, static fn () => $GLOBALS['boot_global'] ?? null, 'clean'],
    'php.global_reference' => [static function (): void {
        $GLOBALS['boot_global'] = &Gum::$stuck;
        Gum::$stuck = 'polluted';
    }, static fn () => [$GLOBALS['boot_global'], Gum::$stuck], ['clean', 'clean']],
    'php.superglobal_replaced' => [static fn () => $GLOBALS['_GET'] = 'polluted', static fn () => $_GET, []],
    'php.constant_object' => [static fn () => constant('BOOT_OBJECT')->text = 'polluted', static fn () => constant('BOOT_OBJECT')->text, 'clean'],
    'php.session_path' => [static fn () => session_save_path('/polluted'), static fn () => session_save_path() === '/polluted', false],
    'php.session_cache' => [static fn () => session_cache_expire(77), static fn () => session_cache_expire(), 180],
    'php.session_id' => [static fn () => session_id('polluted'), static fn () => session_id(), ''],
    'php.memory_peak' => [static fn () => strlen(str_repeat('x', 64 << 20)), static fn () => memory_get_peak_usage() > 48 << 20, false],
    'swoole.hooks' => [static fn () => Swoole\Runtime::setHookFlags(SWOOLE_HOOK_ALL), static fn () => Swoole\Runtime::getHookFlags(), 0],
    'swoole.options' => [static fn () => Swoole\Coroutine::set(['max_coroutine' => 77]), static fn () => Swoole\Coroutine::getOptions()['max_coroutine'] ?? null, null],

    // -- statics and objects
    'static.trait' => [static fn () => Gum::$stuck = 'polluted', static fn () => [Gum::$stuck, Chewed::$stuck], ['clean', 'clean']],
    'static.trait_method' => [static fn () => Gum::stuck(), static fn () => Gum::stuck(), 1],
    'static.inherited_method' => [static fn () => Chewed::stuck(), static fn () => Chewed::stuck(), 1],
    'spl.queue_mode' => [static fn () => $shelf()->queue->setIteratorMode(SplQueue::IT_MODE_DELETE), static fn () => $shelf()->queue->getIteratorMode() & 1, 0],
    'spl.fixed_size' => [static fn () => $shelf()->fixed->setSize(9), static fn () => count($shelf()->fixed), 1],
    'spl.array_flags' => [static fn () => $shelf()->list->setFlags(ArrayObject::ARRAY_AS_PROPS), static fn () => $shelf()->list->getFlags(), 0],
    'spl.array_class' => [static fn () => $shelf()->list->setIteratorClass(RecursiveArrayIterator::class), static fn () => $shelf()->list->getIteratorClass(),
        ArrayIterator::class],
    'spl.multiple_iterator' => [static fn () => $shelf()->several->attachIterator(new ArrayIterator([])), static fn () => $shelf()->several->countIterators(), 0],
    'spl.append_iterator' => [static fn () => $shelf()->appended->append(new ArrayIterator(['polluted'])),
        static fn () => iterator_count($shelf()->appended), 1],
    'spl.caching_iterator' => [static fn () => iterator_count($shelf()->cached), static fn () => count($shelf()->cached), 0],
    'spl.file_class' => [static fn () => $shelf()->file->setInfoClass(SplTempFileObject::class), static function () use ($shelf): string {
        try {
            return get_class($shelf()->file->getPathInfo());
        } catch (Throwable $e) {
            return get_class($e);
        }
    }, SplFileInfo::class],
    'date.period' => [static function () use ($shelf): void {
        foreach ($shelf()->period as $day => $date) {
            if ($day === 2) {
                break;
            }
        }
    }, static fn () => $shelf()->period->current?->format('c'), null],
    'random.engine' => [static fn () => $shelf()->engine->generate(), static fn () => bin2hex((clone $shelf()->engine)->generate()), '66dce15f'],
    'curl.handle' => [static fn () => curl_setopt($shelf()->curl, CURLOPT_PRIVATE, 'polluted'), static fn () => curl_getinfo($shelf()->curl, CURLINFO_PRIVATE),
        false],
    'xml.writer' => [static fn () => $shelf()->writer->text('polluted'), static fn () => $shelf()->writer->outputMemory(false), ''],
    'xml.stylesheet' => [static fn () => $shelf()->sheet->setParameter('', 'p', 'polluted'), static fn () => $shelf()->sheet->getParameter('', 'p'), false],
    'file.magic' => [static fn () => $shelf()->magic->set_flags(FILEINFO_MIME_TYPE), static fn () => $shelf()->magic->buffer('<?php'), 'PHP script, ASCII text, with no line terminators'],
    'intl.collator' => [static fn () => $shelf()->collator->setStrength(Collator::PRIMARY), static fn () => $shelf()->collator->getStrength(), Collator::TERTIARY],
    'intl.calendar' => [static fn () => $shelf()->calendar->set(IntlCalendar::FIELD_YEAR, 2001), static fn () => $shelf()->calendar->getTime(), 0.0],
    'sqlite.function' => [static fn () => $shelf()->sqlite->createFunction('polluted', $true), static fn () => @$shelf()->sqlite->querySingle('select polluted()'),
        false],
    'sqlite.transaction' => [static fn () => $shelf()->sqlite->exec('/* polluted */ begin; insert into notes values (1)'),
        static fn () => $shelf()->sqlite->querySingle('select count(*) from notes'), 0],

    // -- connections that stay open
    'db.function' => [static fn () => DB::getPdo()->sqliteCreateFunction('polluted', $true), static fn () => $sql('polluted()'), 'unknown'],
    'db.function_of_sqlite' => [static fn () => DB::getPdo()->sqliteCreateFunction('lower', static fn () => 'polluted', 1), static fn () => $sql("lower('X')"), 'x'],
    'db.aggregate' => [static fn () => DB::getPdo()->sqliteCreateAggregate('polluted', $true, $true), static fn () => $sql('polluted(1)'), 'unknown'],
    'db.collation' => [static fn () => DB::getPdo()->sqliteCreateCollation('polluted', 'strcmp'), static fn () => $sql("'a' < 'b' collate polluted"), 'unknown'],
    'db.statement_class' => [static fn () => DB::getPdo()->setAttribute(PDO::ATTR_STATEMENT_CLASS, [get_class(new class () extends PDOStatement {
    })]), static fn () => get_class(DB::getPdo()->prepare('select 1')), PDOStatement::class],
    'db.timeout' => [static fn () => DB::getPdo()->setAttribute(PDO::ATTR_TIMEOUT, 7), static fn () => $sql('(select timeout from pragma_busy_timeout)'), 60000],
    'db.pdo' => [static fn () => DB::connection()->setPdo(new PDO('sqlite::memory:')), static fn () => DB::select('pragma database_list')[0]->file !== '', true],
    'db.read_pdo' => [static fn () => DB::connection()->setReadPdo(new PDO('sqlite::memory:')),
        static fn () => DB::connection()->getReadPdo()->query('pragma database_list')->fetch()['file'] !== '', true],
    'db.transaction_of_sql' => [static function (): void {
        DB::unprepared('begin');
        DB::table('notes')->insert(['text' => 'polluted']);
    }, static fn () => Note::where('text', 'polluted')->count(), 0],
    'db.prepared_transaction' => [static function (): void {
        DB::statement("-- polluted\nsavepoint polluted");
        DB::table('notes')->insert(['text' => 'polluted']);
    }, static fn () => Note::where('text', 'polluted')->count(), 0],
    'db.error' => [static fn () => rescue(static fn () => DB::getPdo()->exec('polluted'), null, false), static fn () => DB::getPdo()->errorCode() === 'HY000', false],
    'db.before' => [static fn () => DB::connection()->beforeExecuting(static fn () => throw new RuntimeException('polluted')), static function (): string {
        try {
            DB::select('select 1');
        } catch (Throwable $e) {
            return $e->getMessage();
        }

        return 'clean';
    }, 'clean'],
    'db.events' => [static fn () => DB::connection()->unsetEventDispatcher(), static fn () => DB::connection()->getEventDispatcher() !== null, true],
    'db.resolver' => [static fn () => Connection::resolverFor('sqlite', $true), static fn () => Connection::getResolver('sqlite') === null, true],
    'db.reconnector' => [static fn () => DB::connection()->setReconnector(static fn () => 'polluted'),
        static fn () => $peek(DB::connection(), 'reconnector')(DB::connection()) !== 'polluted', true],
    'db.name' => [static fn () => DB::connection()->setDatabaseName('polluted'), static fn () => DB::connection()->getDatabaseName() !== 'polluted', true],

    // -- the application and its container
    'config.unset' => [static fn () => config()->offsetUnset('app.name'), static fn () => config('app.name'), 'Demo'],
    'config.nested' => [static fn () => config()->push('cache.stores.array.polluted', 1), static fn () => config('cache.stores.array'), ['driver' => 'array', 'serialize' => false]],
    'config.replaced' => [static fn () => app()->instance('config', new Repository(['app' => ['name' => 'polluted']] + config()->all())),
        static fn () => app('config')->get('app.name'), 'Demo'],
    'container.scoped' => [static fn () => app()->scoped('polluted', $true), static fn () => app()->bound('polluted'), false],
    'container.forgotten' => [static fn () => app()->forgetInstance(Greeting::class) ?? app()->offsetUnset('hash'), static fn () => app()->bound('hash'), true],
    'container.before' => [static fn () => app()->beforeResolving(Greeting::class, static fn () => Gum::$stuck = 'polluted'), static function (): string {
        app()->make(Greeting::class, ['text' => 'made']);

        return Gum::$stuck;
    }, 'clean'],
    'container.method' => [static fn () => app()->bindMethod('Polluted@handle', $true), static fn () => app()->hasMethodBinding('Polluted@handle'), false],
    'facade.application' => [static fn () => Facade::setFacadeApplication(clone app()), static fn () => Facade::getFacadeApplication() === app(), true],
    'facade.alias' => [static fn () => AliasLoader::getInstance()->alias('PollutedFacade', Config::class),
        static fn () => array_key_exists('PollutedFacade', AliasLoader::getInstance()->getAliases()), false],
    'app.database_path' => [static fn () => app()->useDatabasePath('/polluted'), static fn () => database_path() === '/polluted', false],
    'app.environment_file' => [static fn () => app()->loadEnvironmentFrom('.polluted'), static fn () => app()->environmentFile() === '.polluted', false],
    'app.fallback_locale' => [static fn () => App::setFallbackLocale('de'), static fn () => [App::getFallbackLocale(), Lang::getFallback()], ['en', 'en']],
    'app.booting' => [static fn () => app()->booting([Watcher::class, 'heard']), static fn () => in_array([Watcher::class, 'heard'], $peek(app(), 'bootingCallbacks'), true), false],
    'app.deferred' => [static fn () => app()->addDeferredServices(['polluted' => 'Polluted']), static fn () => app()->isDeferredService('polluted'), false],
    'env.putenv' => [static fn () => Env::disablePutenv(), static fn () => $static(Env::class, 'putenv'), true],
    'exception.reportable' => [static fn () => app(ExceptionHandler::class)->reportable($true),
        static fn () => count($peek(app(ExceptionHandler::class), 'reportCallbacks')), 0],
    'exception.ignored' => [static fn () => (fn () => $this->dontReport[] = RuntimeException::class)->call(app(ExceptionHandler::class)),
        static fn () => in_array(RuntimeException::class, $peek(app(ExceptionHandler::class), 'dontReport'), true), false],
    'kernel.priority' => [static fn () => app(Kernel::class)->appendToMiddlewarePriority(Watcher::class),
        static fn () => in_array(Watcher::class, $peek(app(Kernel::class), 'middlewarePriority'), true), false],
    'artisan.starting' => [static fn () => Artisan::starting($true), static fn () => count($static(Artisan::class, 'bootstrappers')), 2],
    'schedule.event' => [static fn () => app(Schedule::class)->call($true), static fn () => count(app(Schedule::class)->events()), 0],

    // -- models
    'model.lazy_handler' => [static fn () => Model::handleLazyLoadingViolationUsing($true), static fn () => $static(Model::class, 'lazyLoadingViolationCallback'), null],
    'model.encrypter' => [static fn () => Model::encryptUsing(app('encrypter')), static fn () => Model::$encrypter === null, true],
    'model.connection_resolver' => [static fn () => Model::setConnectionResolver(clone app('db')), static fn () => Model::getConnectionResolver() === app('db'), true],
    'model.factory_namespace' => [static fn () => Factory::useNamespace('Polluted\\'), static fn () => $static(Factory::class, 'namespace'), 'Database\\Factories\\'],
    'model.factory_names' => [static fn () => Factory::guessFactoryNamesUsing($true), static fn () => $static(Factory::class, 'factoryNameResolver'), null],
    'model.morph_required' => [static fn () => Relation::requireMorphMap(), static fn () => Relation::requiresMorphMap(), false],
    'schema.morph_key' => [static fn () => SchemaBuilder::morphUsingUuids(), static fn () => SchemaBuilder::$defaultMorphKeyType, 'int'],

    // -- words, dates, dumps, logs
    'str.uncountable' => [static fn () => Pluralizer::$uncountable[] = 'polluted', static fn () => in_array('polluted', Pluralizer::$uncountable, true), false],
    'carbon.format' => [static fn () => Carbon::setToStringFormat('Y'), static fn () => (string) Carbon::parse('2001-02-03'), '2001-02-03 00:00:00'],
    'carbon.serialize' => [static fn () => Carbon::serializeUsing(static fn () => 'polluted'), static fn () => Carbon::parse('2001-02-03T00:00:00Z')->jsonSerialize(),
        '2001-02-03T00:00:00.000000Z'],
    'carbon.week' => [static fn () => Carbon::setWeekStartsAt(Carbon::WEDNESDAY), static fn () => Carbon::getWeekStartsAt(), Carbon::MONDAY],
    'carbon.months' => [static fn () => Carbon::useMonthsOverflow(false), static fn () => Carbon::shouldOverflowMonths(), true],
    'carbon.strict' => [static fn () => Carbon::useStrictMode(false), static fn () => Carbon::isStrictModeEnabled(), true],
    'carbon.immutable_now' => [static fn () => CarbonImmutable::setTestNow('2001-02-03'), static fn () => CarbonImmutable::hasTestNow(), false],
    'carbon.interval_factors' => [static fn () => CarbonInterval::setCascadeFactors(['hours' => [7, 'minutes']]),
        static fn () => CarbonInterval::getCascadeFactors()['hour'] ?? CarbonInterval::getCascadeFactors()['hours'][0], 60],
    'date.callable' => [static fn () => Date::useCallable(static fn ($date) => $date->toImmutable()), static fn () => Date::now() instanceof CarbonImmutable, false],
    'log.extend' => [static fn () => Log::extend('polluted', fn () => new Logger('polluted')), static fn () => array_keys($peek(app('log'), 'customCreators')), []],
    'log.listen' => [static fn () => Log::listen($true), static fn () => Event::hasListeners(Illuminate\Log\Events\MessageLogged::class), false],
    'monolog.registry' => [static fn () => Registry::addLogger(new Logger('polluted')), static fn () => Registry::hasLogger('polluted'), false],
    'monolog.timezone' => [static fn () => Log::channel()->getLogger()->setTimezone(new DateTimeZone('Asia/Tokyo')),
        static fn () => Log::channel()->getLogger()->getTimezone()->getName(), 'UTC'],

    // -- views, URLs, routes
    'view.creator' => [static fn () => View::creator('home', $true), static fn () => Event::hasListeners('creating: home'), false],
    'view.extension' => [static fn () => View::addExtension('polluted', 'php'), static fn () => array_key_exists('polluted', View::getExtensions()), false],
    'view.engine' => [static fn () => app('view.engine.resolver')->register('polluted', $true),
        static fn () => array_key_exists('polluted', $peek(app('view.engine.resolver'), 'resolvers')), false],
    'blade.echo' => [static fn () => Blade::withoutDoubleEncoding(), static fn () => Blade::compileString('{{ 1 }}'), "<?php echo e(1); ?>"],
    'blade.precompiler' => [static fn () => Blade::precompiler(static fn ($text) => 'polluted'), static fn () => Blade::compileString('x'), 'x'],
    'blade.extend' => [static fn () => Blade::extend(static fn ($text) => 'polluted'), static fn () => Blade::compileString('x'), 'x'],
    'blade.namespace' => [static fn () => Blade::componentNamespace('Polluted', 'polluted'), static fn () => Blade::getClassComponentNamespaces(), []],
    'blade.stringable' => [static fn () => Blade::stringable(static fn (Greeting $greeting) => 'polluted'),
        static fn () => count($peek(Blade::getFacadeRoot(), 'echoHandlers')), 0],
    'url.host_formatter' => [static fn () => URL::formatHostUsing(static fn () => 'http://polluted.test'), static fn () => str_contains(url('/x'), 'polluted'), false],
    'url.key' => [static fn () => URL::setKeyResolver(static fn () => 'polluted'), static fn () => $peek(app('url'), 'keyResolver')() === 'polluted', false],
    'url.namespace' => [static fn () => URL::setRootControllerNamespace('Polluted'), static fn () => $peek(app('url'), 'rootNamespace') === 'Polluted', false],
    'route.verbs' => [static fn () => Route::resourceVerbs(['create' => 'polluted']), static fn () => ResourceRegistrar::verbs()['create'], 'create'],
    'route.parameters' => [static fn () => ResourceRegistrar::singularParameters(false), static fn () => $static(ResourceRegistrar::class, 'singularParameters'), true],
    'route.default' => [static fn () => Route::getRoutes()->getByName('home')->defaults('polluted', 1),
        static fn () => Route::getRoutes()->getByName('home')->defaults, []],

    // -- services
    'event.queue' => [static fn () => Event::setQueueResolver(static fn () => 'polluted'),
        static fn () => $peek(app('events'), 'queueResolver')() === 'polluted', false],
    'cache.default' => [static fn () => Cache::setDefaultDriver('polluted'), static fn () => Cache::getDefaultDriver() === 'polluted', false],
    'cache.dispatcher' => [static fn () => Cache::store('array')->setEventDispatcher(clone app('events')),
        static fn () => Cache::store('array')->getEventDispatcher() === app('events'), true],
    'limiter.for' => [static fn () => RateLimiter::for('polluted', static fn () => Limit::none()), static fn () => RateLimiter::limiter('polluted') === null, true],
    'queue.connector' => [static fn () => Queue::extend('polluted', $true), static fn () => array_key_exists('polluted', $peek(app('queue'), 'connectors')), false],
    'queue.default' => [static fn () => Queue::setDefaultDriver('polluted'), static fn () => Queue::getDefaultDriver() === 'polluted', false],
    'bus.map' => [static fn () => Bus::map(['A' => 'B']), static fn () => $peek(Bus::getFacadeRoot(), 'handlers'), []],
    'mail.from' => [static fn () => Mail::alwaysFrom('polluted@example.test'), static fn () => ($peek(Mail::mailer(), 'from')['address'] ?? null) === 'polluted@example.test', false],
    'mail.extend' => [static fn () => Mail::extend('polluted', $true), static fn () => array_keys($peek(app('mail.manager'), 'customCreators')), []],
    'notification.channel' => [static fn () => Notification::extend('polluted', $true),
        static fn () => array_key_exists('polluted', $peek(Notification::getFacadeRoot(), 'customCreators')), false],
    'notification.locale' => [static fn () => Notification::locale('de'), static fn () => $peek(Notification::getFacadeRoot(), 'locale'), null],
    'notification.default' => [static fn () => Notification::deliverVia('polluted'), static fn () => Notification::deliversVia(), 'mail'],
    'notification.fake' => [static fn () => Notification::fake(), static fn () => Notification::getFacadeRoot() instanceof Illuminate\Notifications\ChannelManager, true],
    'broadcast.channel' => [static fn () => Broadcast::channel('polluted', $true), static fn () => count($peek(Broadcast::driver(), 'channels')), 0],
    'broadcast.extend' => [static fn () => Broadcast::extend('polluted', $true), static fn () => array_keys($peek(Broadcast::getFacadeRoot(), 'customCreators')), []],
    'storage.disk' => [static fn () => Storage::set('local', new Greeting('polluted')), static fn () => Storage::disk('local') instanceof Greeting, false],
    'storage.extend' => [static fn () => Storage::extend('polluted', fn (): bool => true), static fn () => array_keys($peek(app('filesystem'), 'customCreators')), []],
    'lang.namespace' => [static fn () => Lang::addNamespace('polluted', '/polluted'), static fn () => Lang::getLoader()->namespaces(), []],
    'lang.selector' => [static fn () => Lang::setSelector(clone Lang::getSelector()), static fn () => $peek(app('translator'), 'selector') === null, true],
    'validator.implicit' => [static fn () => Validator::extendImplicit('polluted', $true), static fn () => array_keys($peek(app('validator'), 'implicitExtensions')), []],
    'validator.verifier' => [static fn () => Validator::setPresenceVerifier(new Illuminate\Validation\DatabasePresenceVerifier(app('db'))),
        static fn () => Validator::getPresenceVerifier() === app('validation.presence'), true],
    'pagination.cursor' => [static fn () => Illuminate\Pagination\CursorPaginator::currentCursorResolver(static fn () => 'polluted'),
        static fn () => Illuminate\Pagination\CursorPaginator::resolveCurrentCursor() === 'polluted', false],
    'pagination.query' => [static fn () => Paginator::queryStringResolver(static fn () => ['polluted' => 1]), static fn () => Paginator::resolveQueryString(), []],

    // -- users, sessions, requests
    'auth.extend' => [static fn () => Auth::extend('polluted', $true), static fn () => array_keys($peek(app('auth'), 'customCreators')), []],
    'auth.provider_creator' => [static fn () => Auth::provider('polluted', $true), static fn () => array_keys($peek(app('auth'), 'customProviderCreators')), []],
    'auth.verify_mail' => [static fn () => VerifyEmail::toMailUsing($true), static fn () => VerifyEmail::$toMailCallback === null, true],
    'gate.after' => [static fn () => Gate::after($true), static fn () => count($peek(Gate::getFacadeRoot(), 'afterCallbacks')), 0],
    'gate.guess' => [static fn () => Gate::guessPolicyNamesUsing($true), static fn () => $peek(Gate::getFacadeRoot(), 'guessPolicyNamesUsingCallback') === null, true],
    'hash.extend' => [static fn () => Hash::extend('polluted', $true), static fn () => array_keys($peek(app('hash'), 'customCreators')), []],
    'session.name' => [static fn () => session()->setName('polluted'), static fn () => session()->getName() === 'polluted', false],
    'cookie.serialized' => [static fn () => (static fn () => static::$serialize = true)->bindTo(null, EncryptCookies::class)(),
        static fn () => $static(EncryptCookies::class, 'serialize'), false],
    'middleware.empty' => [static fn () => ConvertEmptyStringsToNull::skipWhen($true), static fn () => count($static(ConvertEmptyStringsToNull::class, 'skipCallbacks')), 0],
    'response.sendfile' => [static fn () => BinaryFileResponse::trustXSendfileTypeHeader(), static fn () => $static(BinaryFileResponse::class, 'trustXSendfileTypeHeader'), false],
];

foreach ([
    'macro.stringable' => Stringable::class, 'macro.lazy_collection' => LazyCollection::class, 'macro.query' => QueryBuilder::class,
    'macro.blueprint' => Blueprint::class, 'macro.upload' => UploadedFile::class, 'macro.json' => JsonResponse::class,
    'macro.redirect' => RedirectResponse::class, 'macro.redirector' => Redirector::class, 'macro.url' => UrlGenerator::class,
    'macro.files' => Filesystem::class, 'macro.translator' => Translator::class, 'macro.views' => ViewFactory::class,
    'macro.cache' => CacheRepository::class, 'macro.mailer' => Mailer::class, 'macro.rule' => Rule::class, 'macro.http' => PendingRequest::class,
    'macro.test' => TestResponse::class, 'macro.interval' => CarbonInterval::class,
] as $name => $class) {
    $rows[$name] = [static fn () => $class::macro('polluted', $true), static fn () => $class::hasMacro('polluted'), false];
}
$rows['macro.model'] = [static fn () => EloquentBuilder::macro('polluted', $true), static fn () => EloquentBuilder::hasGlobalMacro('polluted'), false];

return array_map(static fn (array $row): array => ['ours', ...$row], $rows);
