<?php

declare(strict_types=1);

/* The server of a hosted application, without the server: what the glue makes of the configuration and does with events. */

require __DIR__ . '/lib/check.php';
require __DIR__ . '/lib/shim.php';
require __DIR__ . '/lib/hosted.php';

use App\Custom;
use App\Jobs;
use App\Tasks;
use Hhxsv5\LaravelS\Console\Portal;
use Hhxsv5\LaravelS\LaravelS;
use Hhxsv5\LaravelS\Swoole\Timer\BackupCronJob;
use Rserverd\Illuminate\AppConf;
use Rserverd\Server\Child;
use Rserverd\Server\Handshake;
use Rserverd\Server\Listeners;
use Rserverd\Server\Processes;
use Rserverd\Server\ServerEvents;
use Rserverd\Server\Tables;
use Rserverd\Server\Timer\Job;
use Rserverd\Server\Timer\Minute;
use Rserverd\Server\Timer\Timers;
use Rserverd\Shim;
use Swoole\Coroutine;
use Swoole\Process;
use Swoole\Timer;

$logged = static function (): string {
    $lines = implode("\n", array_column(Shim::$log, 1));
    Shim::$log = [];

    return $lines;
};

// ---- timer.jobs: all forms
same([App\Jobs\Each::class, 250, true], Jobs\describe(Job::of([App\Jobs\Each::class, [250, true]])), 'class and arguments');
same([App\Jobs\Each::class, 250, false], Jobs\describe(Job::of([App\Jobs\Each::class, [250]])), 'class and interval');
same([App\Jobs\Own::class, 40, true], Jobs\describe(Job::of(App\Jobs\Own::class)), 'a class that says itself');
same([App\Jobs\Own::class, 40, true], Jobs\describe(Job::of([App\Jobs\Own::class])), 'the same in a list');
foreach ([5, [], [1, [2]], ['A', 2]] as $job) {
    throws('is neither a class', static fn () => Job::of($job), 'timer.jobs: ' . json_encode($job));
}
throws('there is no class Nowhere', static fn () => Job::of('Nowhere')->check(true), 'a job that does not exist');
throws('must extend', static fn () => Job::of(stdClass::class)->check(true), 'a class that is no job');
throws('has no interval', static fn () => Job::of(App\Jobs\Each::class)->check(true), 'a job without an interval');
Job::of(App\Jobs\Each::class)->check(false);
Job::of(Hhxsv5\LaravelS\Illuminate\LaravelScheduleJob::class)->check(true);

// ---- minutes
same(60020, Minute::until(1200.0), 'at the full minute the next one is meant');
same(1020, Minute::until(1259.0), 'a second before');
same(25, Minute::until(1259.995), 'just before');
same(60000 - 15 + 20, Minute::until(1260.015), 'a timer that fires late does not skip one');

// ---- the end of what began no scope
$host = new FakeHost();
$host->clean();
same(0, $host->cleaned, 'the start of a worker leaves nothing to clean');
$host->scope()->begin();
$host->clean();
$host->clean();
same(1, $host->cleaned, 'an event is cleaned once');
$host->scope()->closing(static fn () => null);
$host->clean();
same(2, $host->cleaned, 'the end of a connection as well');

// ---- the timer process
$host = new FakeHost();
$timer = ['enable' => true, 'jobs' => [[App\Jobs\Each::class, [100, true]], App\Jobs\Own::class], 'max_wait_time' => 5.0,
    'global_lock' => false, 'global_lock_key' => ''];
same(null, Timers::make($host, ['enable' => false] + $timer, true), 'no timer');
same(null, Timers::make($host, ['jobs' => []] + $timer, true), 'no jobs, no timer');
throws("needs app('redis')", static fn () => Timers::make($host, ['global_lock' => true] + $timer, true), 'a lock without Redis');
$process = Timers::make($host, $timer, true);
check($process->coroutine && $process->pipe === 0, 'its process is a coroutine without a pipe');
$ran = &App\Jobs\Log::$ran;
(static function () use (&$ran, $host, $logged, $process): void {
    ($process->run)($process);
    same('', $logged(), 'the jobs are made');
    same(1, $host->started, 'the timer process begins as a worker does');
    Timer::pass(1);
    same(['each' => 1, 'own' => 1], $ran, 'immediate jobs run at once');
    $host->cleaned = 0;
    Timer::pass(100);
    same(['each' => 2, 'own' => 3], $ran, 'each at its interval');
    same(3, $host->cleaned, 'after every run the scope is clean');
    App\Jobs\Log::$throw = true;
    Timer::pass(100);
    same(['each' => 3, 'own' => 6], $ran, 'a job that throws goes on');
    check(str_contains($logged(), 'timer job App\Jobs\Each: TypeError'), 'and is logged');
    App\Jobs\Log::$throw = false;
    App\Jobs\Log::$during = static function (): void {
        App\Jobs\Log::$during = null;
        Timer::pass(100);
    };
    Timer::pass(100);
    check(str_contains($logged(), 'Each still runs'), 'a job does not overlap itself');
    App\Jobs\Log::$stop = true;
    Timer::pass(200);
    $ran = [];
    Timer::pass(300);
    check(!isset($ran['each']) && $ran['own'] > 0, 'a job that stops itself leaves the others');
    (Process::$signals[SIGUSR1])();
    $ran = [];
    Timer::pass(1000);
    same([], $ran, 'SIGUSR1: no job begins any more');
})();
same(0, $process->exited, 'the process ends');
same('', $logged(), 'nothing else was said');

// ---- a job that runs when a signal comes
foreach ([[SIGUSR1, 6000, 0, 'it has until max_wait_time'], [SIGUSR1, 10, 0, 'it may end'], [SIGTERM, 10, 0, 'the same for SIGTERM']] as [$signal, $more, $status, $what]) {
    Timer::clearAll();
    $process = Timers::make($host, ['jobs' => [[App\Jobs\Each::class, [100, true]]]] + $timer, true);
    ($process->run)($process);
    App\Jobs\Log::$during = static function () use ($signal, $more, $process, $what): void {
        App\Jobs\Log::$during = null;
        (Process::$signals[$signal])();
        same(null, $process->exited, "$what: not at once");
        Timer::pass($more);
        same($more > 5000 ? 0 : null, $process->exited, $what);
    };
    Timer::pass(1);
    same($status, $process->exited, "$what: then it ends");
}

// ---- the global lock
$redis = new FakeRedis();
$host->app()->instance('redis', $redis);
Illuminate\Container\Container::setInstance($host->app());
$ran = [];
App\Jobs\Log::$stop = false;
$process = Timers::make($host, ['global_lock' => true, 'global_lock_key' => 'My App'] + $timer, true);
(static function () use (&$ran, $redis, $process): void {
    ($process->run)($process);
    same(['laravels:timer:my app'], array_keys($redis->values), 'the key');
    check((bool) preg_match('/^[^:]+:5200\z/', reset($redis->values)), 'its value is this instance');
    Timer::pass(1);
    check($ran['own'] === 1, 'who has the lock runs the jobs');
    Timer::pass(54000);
    same(60, $redis->expires, 'and renews it');
    $redis->values = ['laravels:timer:my app' => 'other:5200'];
    Timer::pass(54000);
    $ran = [];
    Timer::pass(54000 - 2);
    same([], $ran, 'another instance has it');
    $redis->values = [];
    Timer::pass(1000);
    check(($ran['own'] ?? 0) > 0, 'it is gone, we take it');
    (Process::$signals[SIGTERM])();
    same(0, $process->exited, 'SIGTERM ends it');
})();
Timer::clearAll();

// ---- listeners: the event's own, then the configuration's, each once; false stops; what is none is left out
$listeners = new Listeners(['\\' . Tasks\Happened::class => [Tasks\Second::class, Tasks\First::class, stdClass::class, 'Nowhere', Tasks\Third::class]]);
same([Tasks\First::class, Tasks\Second::class, stdClass::class, 'Nowhere', Tasks\Third::class],
    $listeners->of(new Tasks\Happened()), 'union, in order');
Tasks\Log::$lines = [];
$listeners->run((new Tasks\Happened())->setTries(2));
same(['first', 'first', 'second', 'third'], Tasks\Log::$lines, 'a listener that throws is tried again, then the next one runs');
$said = $logged();
check(str_contains($said, 'stdClass is no') && str_contains($said, 'Nowhere does not exist') && str_contains($said, 'the last of 2 tries'),
    'the log names them');
(new Listeners([Tasks\Happened::class => [Tasks\Stops::class, Tasks\Third::class]]))->run(new Tasks\Happened());
same('stops', end(Tasks\Log::$lines), 'false: the rest does not run');
throws('need task workers', static fn () => Listeners::check([Tasks\Happened::class => []], 0), 'events without task workers');
throws('there is no class Nowhere', static fn () => Listeners::check([Tasks\Happened::class => ['Nowhere']], 1), 'a listener that does not exist');
throws('must extend', static fn () => Listeners::check([Tasks\Happened::class => [stdClass::class]], 1), 'a listener that is none');
throws('must extend', static fn () => Listeners::check([stdClass::class => []], 1), 'an event that is none');
throws('there is no class Nowhere', static fn () => Listeners::check(['Nowhere' => []], 1), 'an event that does not exist');
Listeners::check([], 0);

// ---- tasks
$server = new Swoole\WebSocket\Server();
(new Rserverd\Server\Tasks($host, $listeners))->attach($server);
$task = new Tasks\Work('x');
same(true, Tasks\Work::deliver($task->delay(3)->setTries(2), true), 'deliver() of both releases');
[$sent, $delay] = array_pop(Shim::$delivered);
same([3.0, 2], [$delay, $sent->getTries()], 'delay and tries are delivered');
$done = ($server->on['task'])($server, 1, 0, $sent);
same([Tasks\Work::class, 'done x'], [$done::class, $done->result], 'with finish() the task itself is the result');
($server->on['finish'])($server, 1, $done);
same('finished done x', end(Tasks\Log::$lines), 'finish() sees what handle() left');
same(null, ($server->on['task'])($server, 1, 0, new Tasks\Fails('x')), 'a task that fails has no result');
check(str_contains($logged(), 'task App\Tasks\Fails, the last of 3 tries: DomainException'), 'it is logged, with its class');
same(3, count(array_keys(Tasks\Log::$lines, 'tried')), 'it was tried three times');
($server->on['task'])($server, 1, 0, unserialize('O:7:"Missing":0:{}'));
check(str_contains($logged(), 'Missing, a class that does not exist'), 'a task whose class is gone');
($server->on['task'])($server, 1, 0, 'text');
check(str_contains($logged(), 'of type string'), 'a task that is nobody\'s');
throws('greater than or equal to 0', static fn () => $task->delay(-1), 'a delay in the past');
throws('greater than or equal to 1', static fn () => $task->setTries(0), 'no tries');
throws('Closure', static fn () => Tasks\Work::deliver(new Tasks\Work(static fn () => 1)), 'a closure cannot be delivered');
Shim::$settings['task_worker_num'] = 0;
same(false, Hhxsv5\LaravelS\Swoole\Task\Event::fire(new Tasks\Happened()), 'no task workers');
Shim::$settings['task_worker_num'] = 1;
($server->on['pipeMessage'])($server, 1, (new Tasks\Work('m'))->delay(2));
same([2.0, 'm'], [Shim::$delivered[0][1], Shim::$delivered[0][0]->data], 'a task sent as a message is queued');
$server->worker_id = 3;
($server->on['pipeMessage'])($server, 1, new Tasks\Metrics([]));
same('metrics 3 worker', end(Tasks\Log::$lines), 'a collector sent as a message collects');
($server->on['pipeMessage'])($server, 1, 'text');
same('', $logged(), 'any other message is nobody\'s');

// ---- tables
Tables::attach($server, ['ws' => ['size' => 100, 'column' => [['name' => 'value', 'type' => 1, 'size' => 8]]]]);
same([100, [['value', 1, 8]]], [$server->wsTable->size, $server->wsTable->columns], 'a table');
check(Shim::$kept['table.ws'] === $server->wsTable, 'is kept by its name');
throws('needs columns', static fn () => Tables::attach($server, ['t' => ['size' => 1, 'column' => []]]), 'a table without columns');

// ---- custom processes: both shapes, copies, LaravelS 3.5's
$definition = static fn (string $class, array $more = []): array => $more + ['class' => $class, 'redirect' => false, 'pipe' => 0,
    'enable' => true, 'num' => 1, 'queue' => null, 'restart_interval' => 5.0];
(new Processes($host, $server))->custom(['test' => $definition(Custom\Runs::class, ['pipe' => 1, 'num' => 2,
    'queue' => ['msg_key' => 7, 'mode' => 1, 'capacity' => 9]]), 'off' => $definition('Nowhere', ['enable' => false])]);
same(['test0', 'test1'], array_keys($server->customProcesses), 'copies by name');
check(LaravelS::getCustomProcesses() === $server->customProcesses, 'LaravelS 3.8 finds them too');
same([1, [7, 1, 9], true], [$server->customProcesses['test0']->pipe, $server->customProcesses['test0']->queue,
    $server->customProcesses['test0']->coroutine], 'pipe and queue');
same(['test', 'test'], Shim::$titles, 'copies share a title');
(new Processes($host, $server))->custom([0 => $definition('Nowhere', ['enable' => false]), 1 => $definition(Custom\Old::class), 2 => $definition(Custom\Runs::class)]);
same([0, 1], array_keys($server->customProcesses), 'a list stays a list');
same(['old', 'custom'], Shim::$titles, 'a class may name itself');
throws('processes.x: there is no class Nowhere', static fn () => (new Processes($host, $server))->custom(['x' => $definition('Nowhere')]), 'no class');
throws('must implement', static fn () => (new Processes($host, $server))->custom(['x' => $definition(stdClass::class)]), 'no process');
same([['processes.0', 'class', Custom\Old::class], ['processes.0', 'redirect', 'true'], ['processes.0', 'pipe', '2'],
    ['processes.a', 'queue', 'true'], ['processes.a', 'class', 'B']],
    AppConf::rows(['processes' => [Custom\Old::class, 'a' => ['class' => 'B', 'queue' => []]]], '/'), 'class alone; empty queue');

// ---- the life of a custom process
(new Processes($host, $server))->custom(['p' => $definition(Custom\Runs::class, ['restart_interval' => 2.5])]);
$p = $server->customProcesses['p'];
Coroutine::$sleeping = static function (float $seconds) use (&$slept): void {
    $slept[] = $seconds;
};
($p->run)($p);
same([['callback'], 0, [2.5]], [Custom\Runs::$calls, $p->exited, $slept], 'callback() returned: a pause, then the end');
Custom\Runs::$calls = [];
Custom\Runs::$during = static fn () => (Process::$signals[SIGUSR1])();
($p->run)($p);
same([['callback', 'onReload'], [2.5]], [Custom\Runs::$calls, $slept], 'after a reload there is no pause');
Custom\Runs::$calls = [];
Custom\Runs::$during = static fn () => (Process::$signals[SIGTERM])();
($p->run)($p);
same(['callback', 'onStop'], Custom\Runs::$calls, 'onStop');
Custom\Runs::$during = static fn () => throw new TypeError('a process that fails');
$logged();
($p->run)($p);
check(str_contains($logged(), 'a process that fails'), 'what it throws is logged');
Custom\Runs::$during = static fn () => throw new Swoole\ExitException('it leaves', 7);
ob_start();
($p->run)($p);
same(['', ''], [$logged() === '' ? '' : 'logged', ob_get_clean()], 'exit(7) is no failure');
Custom\Runs::$during = static fn () => throw new Swoole\ExitException('swoole exit', 'said');
ob_start();
($p->run)($p);
same('said', ob_get_clean(), "exit('said') says it");
Process::$signals = [];
(new Processes($host, $server))->custom(['o' => $definition(Custom\Old::class)]);
($server->customProcesses['o']->run)($server->customProcesses['o']);
check(!isset(Process::$signals[SIGTERM]), 'without onStop, SIGTERM ends it');
Coroutine::$sleeping = null;

// ---- server events
$events = new ServerEvents(['BeforeStart' => [App\Events\Handler::class], 'WorkerStart' => [App\Events\Handler::class, App\Events\Other::class],
    'WorkerError' => [App\Events\Handler::class], 'ServerStop' => [App\Events\Handler::class], 'WorkerStop' => [App\Events\Handler::class]]);
App\Events\Handler::$calls = [];
$events->serverStart($server);
same([['Handler', []]], App\Events\Handler::$calls, 'ServerStart, by its old name');
check(array_key_exists('start', Shim::$kept), 'what it makes is kept');
$events->attach($server, $host);
$host->settled = 0;
($server->on['workerStart'])($server, 4);
($server->on['workerStop'])($server, 4);
($server->on['shutdown'])($server);
$logged();
Shim::$settings['worker_num'] = 4;
($server->on['workerError'])($server, 4, 99, 255, 9);
($server->on['workerError'])($server, 5, 98, 0, 9);
Shim::$settings['worker_num'] = 2;
same([['Handler', [4]], ['Other', [4]], ['Handler', [4]], ['Handler', []], ['Handler', [4, 99, 255, 9]]],
    array_slice(App\Events\Handler::$calls, 1), 'all events, with their arguments');
same(1, $host->settled, 'what WorkerStart made stays');
$said = $logged();
check(str_contains($said, 'worker 4, pid 99') && str_contains($said, 'process 5, pid 98'), 'WorkerError is logged; it is about workers');
throws('there is no event Nothing', static fn () => new ServerEvents(['Nothing' => []]), 'no such event');
throws('must implement', static fn () => (new ServerEvents(['WorkerStart' => [stdClass::class]]))->attach($server, $host), 'a handler that is none');
$logged();
App\Events\Handler::$calls = [];
(new ServerEvents(['ServerStart' => [App\Events\Throws::class, App\Events\Handler::class]]))->serverStart($server);
check(str_contains($logged(), 'ServerStart handler App\Events\Throws: DomainException') && count(App\Events\Handler::$calls) === 1,
    'a handler that throws is logged, the next one runs');

// ---- children: words, no shell; not in the console's place
$folder = sys_get_temp_dir() . '/rs-php-child-' . getmypid();
mkdir($folder);
register_shutdown_function(static fn () => exec('rm -rf ' . escapeshellarg($folder)));
file_put_contents("$folder/artisan", '<?php file_put_contents(__DIR__ . "/said", json_encode([array_slice($argv, 1), getcwd(), getenv("APP_RUNNING_IN_CONSOLE"), getenv("KEPT")])); exit((int) $argv[2]);');
putenv('APP_RUNNING_IN_CONSOLE=false');
putenv('KEPT=yes');
same(3, Child::artisan($folder, ['schedule:run; touch x', '3'])->wait(), 'its exit status');
same([['schedule:run; touch x', '3'], $folder, false, 'yes'], json_decode((string) file_get_contents("$folder/said")), 'its words, folder, environment');
check(!file_exists("$folder/x"), 'there is no shell');
same(127, Child::start(["$folder/nothing"], '/')->wait(), 'a program that does not exist');
Coroutine::$sleeping = static function (): void {
    Coroutine::$sleeping = null;
    Child::endAll();
};
same(128 + 15, Child::start(['sleep', '100'], '/')->wait(), 'the server stops: so does the child');
Shim::$settings['base_path'] = $folder;
file_put_contents("$folder/artisan", '<?php exit($argv[1] === "schedule:run" ? 7 : 0);');
(new Hhxsv5\LaravelS\Illuminate\LaravelScheduleJob())->run();
check(str_contains($logged(), 'artisan schedule:run ended with status 7'), 'the scheduler');

foreach ([[], ['a'], ['a', 'b c', "d'e", 'f"g', ''], ['x;y|z', '$(id)', '--k=v w']] as $i => $words) {
    same($words, Child::words(['', ' a ', 'a "b c" "d\'e" \'f"g\' ""', 'x;y|z $(id) --k="v w"'][$i]), "words $i");
}
same(['a b', 'c"d'], Child::words('a\\ b "c\\"d"'), 'a backslash');
file_put_contents("$folder/artisan", '<?php file_put_contents(__DIR__ . "/said", json_encode(array_slice($argv, 1)));');
same(0, Portal::runArtisanCommand($folder, 'laravels config -d "$HOME;"'), 'a line for Artisan');
same(['laravels', 'config', '-d', '$HOME;'], json_decode((string) file_get_contents("$folder/said")), 'its words');
same(5, Portal::runCommand("sh -c 'read a; exit \$a'", "5\n"), 'a command that reads');
same([true, false], [Portal::kill(getmypid(), 0), Portal::kill(0, 0)], 'a process that lives');

// ---- handshakes
same('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=', Handshake::accept('dGhlIHNhbXBsZSBub25jZQ=='), 'the key of RFC 6455');
foreach (['', 'dGhlIHNhbXBsZSBub25jZQ', 'dGhlIHNhbXBsZSBub25jZ===', str_repeat('!', 24), 'dGhlIHNhbXBsZSBub25jZSE='] as $key) {
    same(null, Handshake::accept($key), "no key: $key");
}
same('chat', Handshake::protocol('chat, superchat', []), 'one sub-protocol');
same('superchat', Handshake::protocol('chat , superchat', ['superchat', 'x']), 'the one we want');
same(null, Handshake::protocol('chat', ['x']), 'none that we want');
same(null, Handshake::protocol("ch\r\nat", []), 'none that is a token');
done();
