<?php
/* PR1, PR3, PR4, PR16: pipes, and the child's standard streams. */
require __DIR__ . '/../memory/check.php';

use Swoole\Event;
use Swoole\Process;

/** Answers what it gets, with a prefix, $n times. */
function echoing(int $n, mixed ...$how): Process
{
    $process = new Process(function (Process $p) use ($n): void {
        while ($n-- > 0) {
            $p->write('>' . $p->read());
        }
    }, ...$how);
    $process->start();
    return $process;
}

foreach (['stream' => 1, 'true' => true, 'datagram' => 2, 'any other' => 7] as $name => $type) {
    $process = echoing(2, false, $type);
    same("$name: write", 3, $process->write('one'));
    same("$name: read", '>one', $process->read());
    $process->write('two');
    same("$name: again", '>two', $process->read(100));
    Process::wait();
}

/* datagrams keep their boundaries, a stream does not */
foreach ([1 => ['onetwo'], 2 => ['one', 'two']] as $type => $expected) {
    $process = new Process(function (Process $p): void {
        $p->write('one');
        $p->write('two');
    }, false, $type);
    $process->start();
    Process::wait();
    $got = array_map(fn () => $process->read(), $expected);
    same("boundaries, type $type", $expected, $got);
}
$process = new Process(fn (Process $p) => $p->write('a long one') && $p->write('next'));
$process->start();
Process::wait();
same('a datagram is cut, its rest is gone', ['a lo', 'next'], [$process->read(4), $process->read()]);

/* sizes */
$process = new Process(fn (Process $p) => $p->write(str_repeat('x', 65536)));
$process->start();
same('64 KiB in one', 65536, strlen($process->read(65536)));
Process::wait();
$process = new Process(fn (Process $p) => $p->write(str_repeat('x', 65536)));
$process->start();
same('8192 by default', 8192, strlen($process->read()));
Process::wait();
silent('a datagram that is too large', false, fn () => $process->write(str_repeat('x', 8 << 20)));
same('its errno', 90, swoole_last_error());
$process = new Process(function (Process $p): void {
    for ($n = 0; $n < 4 << 20; $n += strlen($part)) {
        $part = $p->read(65536);
    }
    $p->write("$n bytes");
}, false, 1);
$process->start();
same('a stream takes all of it', 4 << 20, $process->write(str_repeat('y', 4 << 20)));
same('and it arrives', '4194304 bytes', $process->read());
Process::wait();
same('size 0 is the default', 'abc', (function (): string {
    $process = new Process(fn (Process $p) => $p->write('abc'));
    $process->start();
    Process::wait();
    return $process->read(0);
})());

/* reading from a dead one ends */
$process = new Process(fn () => 0);
$process->start();
Process::wait();
silent('read from a dead child', false, fn () => $process->read());
$process = new Process(fn () => posix_kill(getmypid(), SIGKILL));
$process->start();
silent('read from one that is killed meanwhile', false, fn () => $process->read());
Process::wait();

/* without a pipe */
$none = new Process(fn () => 0, false, 0);
same('pipe', null, $none->pipe);
same('false is none', null, (new Process(fn () => 0, false, false))->pipe);
foreach (['write' => ['x'], 'read' => [], 'close' => [], 'setTimeout' => [1.0]] as $method => $arguments) {
    warns("$method without a pipe", "Swoole\\Process::$method(): ", fn () => $none->$method(...$arguments));
}
silent('exportSocket without a pipe', false, fn () => $none->exportSocket());
$process = new Process(fn () => 0);
warns('empty', 'Swoole\Process::write(): ', fn () => $process->write(''));

/* time limits, not blocking */
same('setTimeout', true, $process->setTimeout(0.02));
$began = hrtime(true);
silent('read in time', false, fn () => $process->read());
same('waited', true, (hrtime(true) - $began) >= 19e6);
same('ETIMEDOUT', 110, swoole_last_error());
$process->setBlocking(false);
silent('not blocking', false, fn () => $process->read());
same('EAGAIN', 11, swoole_last_error());
$process->setBlocking(true);

/* close */
$process = new Process(function (Process $p): void {
    $got = '';
    while (($part = $p->read()) !== '' && $part !== false) {
        $got .= $part;
    }
    $p->write("end after $got");
}, false, 1);
$process->start();
$process->write('last');
same('close for writing', true, $process->close(1));
same('the other side sees the end', 'end after last', $process->read());
same('no more writing', false, @$process->write('x'));
same('close for reading', true, $process->close(2));
same('close', true, $process->close());
warns('closed', 'Swoole\Process::close(): ', fn () => $process->close());
warns('read of a closed one', 'Swoole\Process::read(): ', fn () => $process->read());
Process::wait();

/* redirect: echo goes into the pipe, standard input is the pipe; it is a stream */
$process = new Process(function (): void {
    echo 'said: ', fgets(STDIN);
    fwrite(STDOUT, 'written');
}, true);
$process->start();
$process->write("a line\n");
Process::wait();
same('redirected', "said: a line\nwritten", $process->read());
$process = new Process(function (): void {
    system('cat');
}, true, 0);
$process->start();
$process->write("through cat");
$process->close(1);
Process::wait();
same('programs as well', 'through cat', $process->read());

/* event-driven, in parent and child */
$process = new Process(function (Process $p): void {
    Event::add($p->pipe, function () use ($p): void {
        $text = $p->read();
        $p->write(strtoupper($text));
        if ($text === 'end') {
            Event::del($p->pipe);
        }
    });
});
$process->start();
$got = [];
Event::add($process->pipe, function (int $pipe) use ($process, &$got): void {
    $got[] = $process->read();
    if (count($got) === 2) {
        Event::del($pipe);
    }
});
$process->write('word');
$process->write('end');
Event::wait();
same('event-driven', ['WORD', 'END'], $got);
same('the child ends with its loop', 0, Process::wait()['code']);

/* event-driven writing of more than the socket takes: kept, sent in order */
$process = new Process(function (Process $p): void {
    $hash = hash_init('md5');
    for ($n = 0; $n < 300; $n++) {
        hash_update($hash, $p->read(65536));
    }
    $p->write(hash_final($hash));
});
$hash = hash_init('md5');
Event::add($process->pipe, function (int $pipe) use ($process, &$answer): void {
    $answer = $process->read();
    Event::del($pipe);
});
for ($n = 0; $n < 300; $n++) {
    $message = str_repeat(chr(97 + $n % 26), 20000 + $n);
    hash_update($hash, $message);
    $process->write($message) === strlen($message) || print("not ok write $n: refused\n");
}
$process->start();
Event::wait();
same('nothing was lost', hash_final($hash), $answer);
Process::wait();

/* an object that goes while its pipe is watched takes it from the loop */
$before = count(scandir('/proc/self/fd'));
(function (): void {
    $process = new Process(fn () => 0);
    Event::add($process->pipe, fn () => 0);
})();
Event::wait();
same('gone', $before, count(scandir('/proc/self/fd')));
