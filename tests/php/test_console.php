<?php

declare(strict_types=1);

/* Artisan's commands and the published programs, without a server: each is a process of its own. */

require __DIR__ . '/lib/check.php';
require dirname(__DIR__, 2) . '/sapi/php/Autoload.php';
require 'Illuminate/autoload.php';

use Illuminate\Config\Repository;
use Illuminate\Container\Container;
use Rserverd\Autoload;
use Rserverd\Console\ConfigCheck;
use Rserverd\Console\Controllers;
use Rserverd\Console\Info;
use Rserverd\Console\Outside;
use Rserverd\Console\Publisher;

Autoload::register();
$glue = dirname(__DIR__, 2) . '/sapi/php';
$dir = sys_get_temp_dir() . '/rs-php-console-' . getmypid();
mkdir($dir);
register_shutdown_function(static fn () => exec('rm -rf ' . escapeshellarg($dir)));

/** @return array{int, string} exit status; what it printed, both streams */
function run(array $command, array $environment = [], string $input = '', ?string $in = null): array
{
    $process = proc_open($command, [['pipe', 'r'], ['pipe', 'w'], ['redirect', 1]], $pipes, $in, $environment + getenv());
    fwrite($pipes[0], $input);
    fclose($pipes[0]);
    $out = stream_get_contents($pipes[1]);

    return [proc_close($process), $out];
}

// ---- bin/laravels: every spelling of an option
$fake = "$dir/rserverd";
file_put_contents($fake, "#!/bin/sh\nfor word; do printf '[%s]' \"\$word\"; done\npwd\nexit 7\n");
chmod($fake, 0755);
mkdir("$dir/app/bootstrap", recursive: true);
mkdir("$dir/app/bin");
copy("$glue/laravels/bin/laravels", $script = "$dir/app/bin/laravels");
$bin = static fn (string ...$words): array => run([PHP_BINARY, $script, ...$words], ['RSERVERD' => $fake], '', '/');
foreach ([
    '[start]' => ['start'],
    '[start][-d][-i]' => ['start', '-d', '-i'],
    '[restart][-d][-i]' => ['-di', 'restart'],
    '[start][-e][staging][-x][2 0]' => ['start', '-e', 'staging', '-x', '2 0'],
    '[start][-d][-e][prod]' => ['--daemonize', '--env=prod', 'start', '--ansi', '-n'],
    '[start][-e][prod][-i]' => ['-eprod', 'start', '--ignore'],
    '[start][-x][v=1]' => ['start', '--x-version=v=1'],
    '[start][-e][a;b "c" $d]' => ['start', '-e=a;b "c" $d'],
    '[reload][--wait]' => ['reload', '--wait'],
    '[stop]' => ['stop'],
    '[info]' => ['info'],
    '[help]' => ['no-such-action'],
    '[help][-h]' => ['-h'],
] as $want => $words) {
    same([7, "$want$dir/app\n"], $bin(...$words), 'bin/laravels ' . implode(' ', $words));
}
same('[help]' . "$dir/app\n", $bin()[1], 'bin/laravels alone');
touch("$dir/app/artisan");
same([7, "[-c][x.ini][artisan][laravels][info]$dir/app\n"], $bin('info', '-c', 'x.ini'), 'info without a server: Artisan tells');
unlink("$dir/app/artisan");
same([2, "bin/laravels: unknown option --enable-apollo\n"], $bin('start', '--enable-apollo'), 'an option that is not there');
same([2, "bin/laravels: -e needs a value\n"], $bin('start', '-e'), 'a value that is missing');
same([2, "bin/laravels: --daemonize takes no value\n"], $bin('start', '--daemonize=1'), 'a value too many');
same([2, "bin/laravels: one action at a time: start or stop?\n"], $bin('start', 'stop'), 'two actions');
same([1, "bin/laravels: there is no program /none\n"], run([PHP_BINARY, $script, 'start'], ['RSERVERD' => '/none']), 'no program');
same("[stop]$dir/app\n", run([PHP_BINARY, '-d', 'disable_functions=pcntl_exec', $script, 'stop'], ['RSERVERD' => '', 'PATH' => "$dir:/bin"])[1],
    'found on the PATH, without pcntl');

// ---- publishing
$root = "$dir/release";
mkdir($root);
$what = static fn (bool $replace): array => array_combine(['config/laravels.php', 'bin/laravels', 'bin/fswatch', 'bin/inotify'],
    array_values(iterator_to_array(Publisher::publish($root, static fn (): bool => $replace))));
same(['written'], array_values(array_unique($what(false))), 'published');
foreach (['config/laravels.php' => 0644, 'bin/laravels' => 0755, 'bin/fswatch' => 0755, 'bin/inotify' => 0755] as $name => $mode) {
    same([sprintf('%o', $mode), md5_file("$glue/laravels/$name")], [sprintf('%o', fileperms("$root/$name") & 0777), md5_file("$root/$name")], $name);
}
file_put_contents("$root/config/laravels.php", 'mine');
file_put_contents("$root/other", 'of somebody else');
unlink("$root/bin/fswatch");
link("$root/other", "$root/bin/fswatch");
same(['kept', 'replaced', 'replaced', 'replaced'], array_values($what(false)), 'again');
same(['mine', 'of somebody else'], [file_get_contents("$root/config/laravels.php"), file_get_contents("$root/other")], 'kept; and no link is followed');
same('replaced', $what(true)['config/laravels.php'], 'replaced when that is wanted');
same([], array_values(preg_grep('/^\.new/', [...scandir("$root/bin"), ...scandir("$root/config")])), 'nothing is left over');
file_put_contents("$dir/file", '');
throws('cannot make the folder', static fn () => iterator_to_array(Publisher::publish("$dir/file", static fn (): bool => true)), 'no folder');

// ---- where the server is
final class FakeApp extends Container
{
    public function storagePath(): string
    {
        return '/app/storage';
    }

    public function environment(): string
    {
        return 'local';
    }

    public function version(): string
    {
        return '9.9';
    }
}
$app = new FakeApp();
$app->instance('config', $config = new Repository());
same('/app/storage/app.sock', Outside::path($app), 'in the storage folder');
putenv('APP_STORAGE_PATH=/elsewhere');
same('/elsewhere/app.sock', Outside::path($app), 'wherever that is');
$config->set('laravels.swoole.pid_file', '/run/shop/laravels.pid');
same('/run/shop/app.sock', Outside::path($app), 'beside the pid file');
putenv('RSERVERD_APP_SOCKET=/run/named.sock');
same('/run/named.sock', Outside::path($app), 'as the environment says');
putenv('RSERVERD_APP_SOCKET');
putenv('APP_STORAGE_PATH');
if (!function_exists('Rserverd\outside')) {
    Outside::bind($app);
    throws('rserverd artisan', static fn () => $app->make('swoole'), 'without the module');
}
$app = new FakeApp();
$app->instance('config', $config);
$app->instance('swoole', $server = new stdClass());
Outside::bind($app);
same($server, $app->make('swoole'), "the server's own object stays");

// ---- config/laravels.php
$problems = static fn (array $config): array => [(new ConfigCheck($config))->errors(), (new ConfigCheck($config))->warnings()];
same([[], []], $problems([]), 'nothing said, nothing wrong');
same([[], ['there is no key listen_prot; did you mean listen_port?', 'there is no key own']],
    $problems(['listen_prot' => 1, 'own' => 2, 'process_prefix' => 'x']), 'keys');
same([['enable_gzip: forced compression is gone; swoole.http_compression takes its place'], []], $problems(['enable_gzip' => true]),
    'enable_gzip');
foreach ([
    'events: asynchronous events need task workers' => ['events' => ['E' => ['L']]],
    'there is no class No\Such' => ['websocket' => ['enable' => true, 'handler' => 'No\Such']],
    'websocket.handler: no class is given' => ['websocket' => ['enable' => true]],
    'sockets.echo.handler: stdClass must implement' => ['sockets' => ['echo' => ['handler' => stdClass::class]]],
    'processes.0.class: stdClass must implement' => ['processes' => [stdClass::class]],
    'timer.jobs: stdClass must extend' => ['timer' => ['enable' => true, 'jobs' => [[stdClass::class, [1000]]]]],
    'cleaners: stdClass must implement' => ['cleaners' => [stdClass::class]],
    'register_providers: there is no class No\Such' => ['register_providers' => ['No\Such']],
    'event_handlers: there is no event Start' => ['event_handlers' => ['Start' => stdClass::class]],
    'event_handlers.WorkerStart: stdClass must implement' => ['event_handlers' => ['WorkerStart' => [stdClass::class]]],
] as $error => $wrong) {
    check(str_contains(implode("\n", $problems($wrong)[0]), $error), $error . ' (' . implode('; ', $problems($wrong)[0]) . ')');
}
same([[], []], $problems([
    'websocket' => ['enable' => false, 'handler' => 'No\Such'], 'sockets' => [['enable' => false]], 'processes' => ['x' => ['enable' => false]],
    'timer' => ['enable' => false, 'jobs' => ['No\Such']],
]), 'what is switched off is not looked at');

// ---- info
$info = new Info($app, $root, [
    'listen_ip' => '::1', 'listen_port' => '5200', 'websocket' => ['enable' => true, 'handler' => 'App\WebSocket'],
    'swoole' => ['worker_num' => 3, 'ssl_cert_file' => 'c', 'ssl_key_file' => 'k', 'pid_file' => "$dir/pid"],
    'sockets' => [['host' => '127.0.0.1', 'port' => 5291, 'type' => 1, 'handler' => 'App\Tcp'], 'u' => ['host' => '/run/u', 'type' => 6]],
]);
same([
    ['Main HTTP', 'On', 'Laravel Router', 'https://[::1]:5200'], ['Main WebSocket', 'On', 'App\WebSocket', 'wss://[::1]:5200'],
    ['Port#0 TCP', 'On', 'App\Tcp', '127.0.0.1:5291'], ['Port#u Unix Datagram', 'On', '-', '/run/u'],
], $info->protocols(), 'protocols');
file_put_contents("$root/composer.lock", '{"packages": [{"name": "a/b"}, {"name": "hhxsv5/laravel-s", "version": "v3.7.35"}]}');
same(['v3.7.35', '9.9'], [$info->components()[3][1], array_column($info->components(), 1, 0)['Laravel [local]']], 'components');
same(['3', 'does not run'], [$info->facts()[0][1], $info->facts()[2][1]], 'facts');
$server->master_pid = getmypid();
same('runs, pid ' . getmypid(), $info->facts()[2][1], 'a server that runs');
same('/run/s', (new Info($app, $root, ['listen_ip' => '/run/s', 'socket_type' => 5]))->protocols()[0][3], 'a Unix socket');

// ---- properties
abstract class Upper
{
    private array $hidden = [];
    protected static int $count = 0;
}
class Lower extends Upper
{
    public readonly string $name;
    private array $hidden = [];
}
same([['name', 'public readonly'], ['hidden', 'private'], ['hidden', 'private'], ['count', 'protected static']], Controllers::properties(Lower::class), 'properties');

// ---- Artisan itself, of both frameworks
putenv('SHELL_VERBOSITY');
foreach (['laravel' => 'Laravel', 'lumen' => 'Lumen'] as $name => $framework) {
    $base = "$dir/$name";
    exec(escapeshellarg(dirname(__DIR__, 2) . '/bin/app-scaffold') . ' ' . escapeshellarg($base) . " $name");
    $artisan = static fn (array $words, string $input = '', string $glueFile = 'artisan.php'): array
        => run([PHP_BINARY, "$glue/$glueFile", ...$words, '--no-ansi'], ['RSERVERD_BASE_PATH' => $base], $input, '/');
    check(str_contains($artisan(['laravels'])[1], 'Usage: artisan laravels publish|config|info'), "$name: usage");
    [$status, $out] = $artisan(['laravels', 'publish']);
    same([0, 4], [$status, preg_match_all('/^written /m', $out)], "$name: publish");
    [$status, $out] = $artisan(['laravels', 'publish'], "no\n");
    check($status === 0 && str_contains($out, "kept $base/config/laravels.php"), "$name: publish asks");
    [$status, $out] = $artisan(['laravels', 'publish'], "yes\n");
    check($status === 0 && str_contains($out, "replaced $base/config/laravels.php"), "$name: and does what it is told");
    [$status, $out] = $artisan(['laravels', 'info']);
    check($status === 0 && preg_match("/\\| PHP +\\| " . preg_quote(PHP_VERSION) . " .*\\| $framework \\[local\\] +\\| .*Main HTTP .*$framework Router .*5200/s", $out) === 1,
        "$name: info $out");
    [$status, $out] = $artisan(['laravels', 'config']);
    check($status === 0 && str_contains($out, 'config/laravels.php is in order'), "$name: config $out");
    file_put_contents("$base/config/laravels.php", "<?php return ['events' => ['E' => ['L']], 'lisen_ip' => '::'];");
    [$status, $out] = $artisan(['laravels', 'config']);
    check($status === 1 && str_contains($out, 'set swoole.task_worker_num') && str_contains($out, 'did you mean listen_ip?'), "$name: config says what is wrong");
    foreach (['start', 'stop', 'restart', 'reload'] as $action) {
        [$status, $out] = $artisan(['laravels', $action, '-d']);
        check($status === 1 && str_contains($out, "rserverd $action"), "$name: $action is rserverd's");
    }
    same(1, $artisan(['laravels', 'dance'])[0], "$name: no such action");
    [$status, $out] = $artisan(['laravels:list-properties']);
    check($status === 0 && preg_match('/App.Http.Controllers.NoteController *\| ' . ($name === 'lumen' ? 'calls *\| private' : 'middleware') . '/', $out) === 1,
        "$name: list-properties");
    check(str_contains($artisan(['list'])[1], 'laravels:list-properties'), "$name: in the list of commands");
}
[$status, $out] = run([PHP_BINARY, "$glue/artisan.php"], ['RSERVERD_BASE_PATH' => $root]);
check($status === 1 && str_contains($out, 'no Laravel or Lumen application'), 'no application');
done();
