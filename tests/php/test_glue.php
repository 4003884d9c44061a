<?php

declare(strict_types=1);

/* Parts of the glue that need no application: configuration rows, detection, autoloading, states, output, cleaners. */

require __DIR__ . '/lib/check.php';
require __DIR__ . '/lib/shim.php';
require dirname(__DIR__, 2) . '/sapi/php/Autoload.php';
require 'Illuminate/autoload.php';

use Hhxsv5\LaravelS\Illuminate\Cleaners as LaravelS;
use Illuminate\Config\Repository;
use Illuminate\Container\Container;
use Illuminate\Http\Request;
use Rserverd\Applications;
use Rserverd\Autoload;
use Rserverd\Illuminate\AppConf;
use Rserverd\Illuminate\Cleaners;
use Rserverd\Illuminate\Emitter;
use Rserverd\Illuminate\RequestFactory;
use Rserverd\Illuminate\RequestHolders;
use Rserverd\Illuminate\Snapshot;
use Rserverd\Illuminate\States;
use Rserverd\Log;
use Rserverd\ProcessState;
use Rserverd\Settings;
use Rserverd\Shim;
use Symfony\Component\HttpFoundation\Response;

// ---- autoloading: ours comes first, also after the application put its own in front
Autoload::register();
spl_autoload_register(static function (string $class): void {
    if ($class === 'Hhxsv5\LaravelS\Illuminate\Cleaners\CookieCleaner' || $class === 'Hhxsv5\LaravelS\OfThePackage') {
        $at = strrpos($class, '\\');
        eval('namespace ' . substr($class, 0, $at) . '; class ' . substr($class, $at + 1) . ' {}');
    }
}, true, true);
Autoload::toFront();
check(is_subclass_of(LaravelS\CookieCleaner::class, LaravelS\BaseCleaner::class), 'our classes win over those of the package');
check(class_exists('Hhxsv5\LaravelS\OfThePackage'), 'what we do not have falls through');
same(1, count(array_filter(spl_autoload_functions(), static fn (mixed $f): bool => $f instanceof Closure
    && (new ReflectionFunction($f))->getClosureScopeClass()?->name === Autoload::class)), 'registered once');

interface_exists('Hhxsv5\LaravelS\Swoole\WebsocketHandlerInterface') || check(false, 'a handler interface as LaravelS 3.5 documents it');

// ---- every class of ours can be declared, with its file's name
$root = dirname(__DIR__, 2) . '/sapi/php/laravels/';
foreach (new RecursiveIteratorIterator(new RecursiveDirectoryIterator($root, FilesystemIterator::SKIP_DOTS)) as $file) {
    $name = 'Hhxsv5\\LaravelS\\' . strtr(substr((string) $file, strlen($root), -4), '/', '\\');
    check(in_array(basename(dirname((string) $file)), ['config', 'bin'], true) || class_exists($name) || interface_exists($name) || trait_exists($name), "$name is declared");
}

// ---- which application
$dir = sys_get_temp_dir() . '/rs-php-detect-' . getmypid();
mkdir("$dir/bootstrap", 0700, true);
register_shutdown_function(static fn () => exec('rm -rf ' . escapeshellarg($dir)));
Shim::$settings['base_path'] = $dir;
$choose = static fn (): object => Applications::choose(Settings::read());
throws('no application found', $choose, 'an empty folder');
file_put_contents("$dir/think", '');
throws('ThinkPHP comes in a later version', $choose, 'ThinkPHP');
unlink("$dir/think");
file_put_contents("$dir/bootstrap/app.php", '<?php return new Laravel\Lumen\Application(__DIR__);');
same(Rserverd\Illuminate\ResidentApplication::class, $choose()::class, 'bootstrap/app.php');
throws('composer install', static fn () => $choose()->boot(), 'no autoloader');
mkdir("$dir/vendor");
file_put_contents("$dir/vendor/autoload.php", "<?php require_once 'Laravel/Lumen/autoload.php';");
Shim::$settings['framework'] = 'laravel';
throws('framework = laravel, but', static fn () => $choose()->boot(), 'Lumen where Laravel is demanded');
restore_error_handler();
restore_exception_handler();
Shim::$settings['framework'] = 'auto';
file_put_contents("$dir/bootstrap/app.php", '<?php return 42;');
throws('must return the application; it returned int', static fn () => $choose()->boot(), 'bootstrap/app.php that returns nothing');
Shim::$settings['framework'] = 'callable';
throws('it is not set', static fn () => $choose()->boot(), 'callable without entry');
Shim::$settings['entry'] = "$dir/none.php";
throws('there is no file', static fn () => $choose()->boot(), 'callable with an entry that is not there');

// ---- config/laravels.php as rows
Shim::$log = [];
$rows = AppConf::rows([
    'listen_ip' => '0.0.0.0', 'listen_port' => 5200, 'handle_static' => true, 'server' => null, 'laravel_base_path' => '/elsewhere',
    'cleaners' => ['A', 'B'], 'register_providers' => [], 'swoole' => ['worker_num' => 4, 'daemonize' => false, 'ratio' => 0.5],
    'destroy_controllers' => ['enable' => true, 'excluded_list' => ['C']],
    'timer' => ['jobs' => ['J', ['K', [1000, true]]]], 'events' => ['E' => ['L', 'M'], 'F' => 'N'],
    'processes' => ['test' => ['class' => 'P', 'queue' => ['enable' => true]], 'Q'],
    'sockets' => [['host' => '::', 'settings' => ['open_eof_check' => true, 'package_eof' => "\r\n"]]],
    'swoole_tables' => ['ws' => ['size' => 10, 'column' => [['name' => 'v', 'type' => 1]]]], "bad\tkey" => 1,
], $dir);
same([
    ['laravels', 'listen_ip', '0.0.0.0'], ['laravels', 'listen_port', '5200'], ['laravels', 'handle_static', 'true'],
    ['laravels', 'cleaners[]', 'A'], ['laravels', 'cleaners[]', 'B'], ['swoole', 'worker_num', '4'], ['swoole', 'daemonize', 'false'],
    ['swoole', 'ratio', '0.5'], ['destroy_controllers', 'enable', 'true'], ['destroy_controllers', 'excluded_list[]', 'C'],
    ['timer', 'jobs[]', 'J'], ['timer', 'jobs[]', '["K",[1000,true]]'], ['events', 'E[]', 'L'], ['events', 'E[]', 'M'], ['events', 'F', 'N'],
    ['processes.test', 'class', 'P'], ['processes.test', 'queue.enable', 'true'], ['processes.0', 'class', 'Q'],
    ['sockets.0', 'host', '::'], ['sockets.0', 'settings.open_eof_check', 'true'], ['sockets.0', 'settings.package_eof', "\r\n"],
    ['swoole_tables.ws', 'size', '10'], ['swoole_tables.ws', 'column[]', '{"name":"v","type":1}'],
], $rows, 'rows');
$said = implode("\n", array_column(Shim::$log, 1));
foreach (['laravel_base_path = /elsewhere is ignored', 'control characters'] as $text) {
    check(str_contains($said, $text), "the log says: $text");
}
foreach ([
    'laravels.server is a Closure' => ['server' => static fn () => null],
    'laravels.cleaners is a stdClass' => ['cleaners' => ['A', new stdClass()]],
    'timer.jobs is a Closure' => ['timer' => ['jobs' => [['K', [static fn () => 1, true]]]]],
    'swoole_tables.ws.column.type is a resource (stream)' => ['swoole_tables' => ['ws' => ['column' => [['type' => STDERR]]]]],
] as $text => $config) {
    throws($text, static fn () => AppConf::rows($config, $dir), $text);
}
foreach ([
    'swoole must be an array; it is of type string' => ['swoole' => 'x'],
    'websocket must be an array; it is of type bool' => ['websocket' => true],
    'events must be an array with names as its keys; it is a list' => ['events' => ['L']],
    'sockets must be an array; it is of type int' => ['sockets' => 1],
    'sockets.host must be an array; it is of type string' => ['sockets' => ['host' => '::']],
    'processes.a must be an array or a class; it is of type int' => ['processes' => ['a' => 1]],
    'swoole.ssl_sni_certs.a.test must be an array with ssl_cert_file' => ['swoole' => ['ssl_sni_certs' => ['a.test' => '/a.pem']]],
] as $text => $config) {
    throws("config/laravels.php: $text", static fn () => AppConf::rows($config, $dir), $text);
}
same([], AppConf::rows(['swoole' => null, 'events' => [], 'sockets' => []], $dir), 'nothing said');

// ---- states: objects with private parents, typed and unset properties; classes
class Upper
{
    private array $hidden = ['boot'];
    protected ?stdClass $object = null;
    public static array $kept = ['boot'];
    protected static int $count = 1;

    public static function spoil(): void
    {
        self::$kept[] = 'request';
        self::$count++;
    }

    public function spoilUpper(): void
    {
        $this->hidden[] = 'request';
        $this->object = new stdClass();
    }

    public function seen(): array
    {
        return [$this->hidden, $this->object, self::$kept, self::$count];
    }
}
class Lower extends Upper
{
    private array $hidden = ['mine'];
    public array $cache = [];
    public mixed $told = 'boot';
    public readonly int $fixed;

    public function __construct()
    {
        $this->fixed = 1;
    }

    public function spoilLower(): array
    {
        $this->hidden = [];
        $this->cache[] = 1;
        $this->told = 'request';

        return [$this->hidden, $this->cache, $this->told];
    }
}
$object = new Lower();
$states = (new States())->object($object, ['cache'], ['told' => 'told'])->class(Upper::class);
$object->spoilUpper();
$object->spoilLower();
Upper::spoil();
check($states->restore(), 'something had changed');
same([['boot'], null, ['boot'], 1], $object->seen(), 'private, typed and static properties are back');
same([[1], 'told'], [$object->cache, $object->told], 'a cache stays, an override is taken');

// ---- requests: made directly, or as the framework does; never different
$base = ['SERVER_NAME' => 'h', 'HTTP_HOST' => 'h:81', 'SERVER_PORT' => '81', 'SCRIPT_NAME' => '/index.php', 'CONTENT_TYPE' => '',
    'CONTENT_LENGTH' => '', 'HTTP_ACCEPT' => 'text/html', 'HTTP_X_FORWARDED_FOR' => '1.2.3.4'];
foreach ([
    ['GET', '/a/b?x=1&y[]=2&y[]=3', []], ['HEAD', '/?q=%C3%A4', []], ['GET', '/index.php/z', ['HTTP_COOKIE' => 'c=1']],
    ['GET', '/j?x=1', ['CONTENT_TYPE' => 'application/json']], ['POST', '/p?x=1', ['CONTENT_TYPE' => 'application/x-www-form-urlencoded']],
    ['PUT', '/p?x=1', []], ['OPTIONS', '*', []], ['GET', '/u', ['PHP_AUTH_USER' => 'u', 'PHP_AUTH_PW' => 'p']],
    ['GET', '/v', ['HTTP_AUTHORIZATION' => 'Bearer abc', 'HOME' => '/root', 'HTTPS' => 'on', 'HTTP_X_B' => '2', 'HTTP_X_A' => '1', 'HTTP' => '']],
    ['GET', '/w', ['HTTP_AUTHORIZATION' => 'Basic dTpw', 'HTTP_' => 'x', 'CONTENT_MD5' => 'y', 'CONTENT_LENGTH' => '0', 'CONTENT_TYPE' => '']],
    ['GET', '/x', ['HTTP_AUTHORIZATION' => 'Digest username="a"', 'PHP_AUTH_DIGEST' => 'username="a"']],
    ['GET', '/y', ['REDIRECT_HTTP_AUTHORIZATION' => 'Digest username="a"', 'USER' => 'u']],
    ['GET', '/z', ['REDIRECT_HTTP_AUTHORIZATION' => 'Basic dTpw', 'AUTH_TYPE' => 'Basic', '0' => 'a number']],
] as [$method, $uri, $more]) {
    static $factory = new RequestFactory(Request::class);
    $_SERVER = $more + ['REQUEST_METHOD' => $method, 'REQUEST_URI' => $uri, 'QUERY_STRING' => (string) parse_url($uri, PHP_URL_QUERY)] + $base;
    parse_str($_SERVER['QUERY_STRING'], $_GET);
    $_POST = $method === 'POST' ? ['f' => '1', '_method' => 'patch'] : [];
    $_COOKIE = isset($more['HTTP_COOKIE']) ? ['c' => '1'] : [];
    $_FILES = [];
    $describe = static fn (Request $r): array => [
        $r->method(), $r->fullUrl(), $r->path(), $r->query->all(), $r->request->all(), $r->cookies->all(), $r->files->all(),
        $r->headers->all(), $r->server->all(), $r->attributes->all(), $r->all(), $r->getUser(), $r->request === $r->query,
    ];
    same($describe(Request::capture()), $describe($factory->capture()), "$method $uri");
}

// ---- who holds the boot's request is told of the next one
$boot = new Request();
$holder = new class ($boot) {
    private array $other = [];

    public function __construct(private Request $request)
    {
    }

    public function request(): Request
    {
        return $this->request;
    }
};
$holders = new RequestHolders(['holder' => $holder, 'none' => new stdClass(), 'url' => $url = clone $holder, 'scalar' => 1], $boot);
$holders->tell($next = new Request());
check($holder->request() === $next && $url->request() === $boot, 'holders get the request, the URL generator is left alone');

// ---- output: echoes first, no buffer left
$send = static function (Response $response, callable $print): array {
    ob_start();
    $level = ob_get_level();
    $emitter = new Emitter();
    $emitter->begin();
    $print();
    $emitter->send($response);
    $depth = ob_get_level() - $level;

    return [ob_get_clean(), $depth];
};
Shim::$finished = ''; // send() finishes the request too: not here
same(['content', 0], $send(new Response('content'), static fn () => null), 'a response');
same(['echo,content', 0], $send(new Response('content'), static fn () => print('echo,')), 'an echo before it');
same(['a,b,content', 0], $send(new Response('content'), static function (): void {
    echo 'a,';
    ob_start();
    ob_start();
    echo 'b,';
}), 'buffers that nobody closed');
same(['gone', 0], $send(new Response('gone'), static function (): void {
    ob_end_clean();
}), 'the request closed ours');

// ---- cleaners of both forms
final class OldForm implements LaravelS\CleanerInterface
{
    public static array $got = [];

    public function clean(Container $app, Container $snapshot)
    {
        self::$got = [$app, $snapshot];
    }
}
final class NewForm extends LaravelS\BaseCleaner
{
    public static array $got = [];

    public function clean()
    {
        self::$got = [$this->currentApp, $this->snapshotApp];
    }
}
final class Failing extends LaravelS\BaseCleaner
{
    public function clean()
    {
        throw new LogicException('a cleaner that fails');
    }
}
$app = new Container();
$app->instance('config', new Repository(['a' => ['b' => 1], 'object' => $inside = new ArrayObject(), 'nested' => [(object) ['p' => (object) ['q' => 1]]]]));
$app->instance(Container::class, $app);
$cleaners = new Cleaners($app, false);
$cleaners->configure([Failing::class, OldForm::class, '\\' . NewForm::class, LaravelS\SessionCleaner::class], []);
Shim::$log = [];
$app['config']->set(['a.b' => 2, 'a.c' => 3, 'new' => 1]);
$app['config']->get('nested')[0]->p->q = 2;
$app->bind('left', static fn () => 1);
$app->instance('left too', 1);
$cleaners->run();
check(OldForm::$got[0] === $app && NewForm::$got === OldForm::$got, 'both forms get the application and its snapshot');
check(OldForm::$got[1] !== $app && OldForm::$got[1]['config'] !== $app['config'], 'the snapshot has services of its own');
same([['b' => 1], false], [$app['config']['a'], $app['config']->has('new')], 'the configuration is back, added items are gone');
same(1, $app['config']->get('nested')[0]->p->q, 'objects in it too, however deep');
check(!$app->bound('left') && !$app->bound('left too'), 'so is the container');
check(count(Shim::$log) === 1 && str_contains(Shim::$log[0][1], 'a cleaner that fails'), 'a cleaner that fails is named, the others run');
$plain = new Cleaners($app, false, false);
check((fn (): ?Container => $this->snapshot)->call($plain) === null, 'without cleaners of its own an application is not copied');
$app->instance('left', 1);
$plain->run();
check(!$app->bound('left'), 'the built-in cleaners need no copy');
OldForm::$got = [];
$plain->configure([OldForm::class], []);
$plain->run();
check((OldForm::$got[1] ?? $app) !== $app, 'a cleaner that nobody spoke of gets one');
throws('there is no class Nowhere', static fn () => Cleaners::check('Nowhere'), 'a cleaner that does not exist');
throws('must implement', static fn () => Cleaners::check(stdClass::class), 'a class that is no cleaner');
check(Snapshot::of($app)->make(Container::class) !== $app, 'the snapshot does not lead back to the application');

// ---- PHP's own state
$process = new ProcessState();
$error = set_error_handler(static fn () => false);
date_default_timezone_set('Asia/Tokyo');
chdir('/');
umask(0077);
mb_internal_encoding('ISO-8859-1');
for ($i = 0; $i < 3; $i++) {
    set_error_handler(static fn () => true);
}
set_exception_handler(static fn () => null);
[$zone, $folder, $mask] = ['UTC', getcwd(), 0];
$process->restore();
same('UTF-8', mb_internal_encoding(), 'encoding');
check(getcwd() !== '/' && umask() !== 0077 && date_default_timezone_get() !== 'Asia/Tokyo', 'directory, umask, time zone');
same($error, set_error_handler(null), 'error handler');

// ---- a throwable in one line
try {
    eval('[');
} catch (ParseError $e) {
    check(str_starts_with(Log::describe($e), 'ParseError: syntax error, '), 'a parse error is called a syntax error');
}
done();
