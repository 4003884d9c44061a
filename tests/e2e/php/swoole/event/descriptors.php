<?php
/* EV1 - EV4: what is a descriptor, what callbacks get, failures. */
require __DIR__ . '/../memory/check.php';

use Swoole\Event;
use Swoole\Process;
use Swoole\Timer;

/* Without buffers: what is not read stays in the socket. */
function pair(): array
{
    $pair = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
    stream_set_read_buffer($pair[0], 0);
    return $pair;
}

function fd(mixed $stream): int
{
    $fd = Event::add($stream, fn () => 0);
    Event::del($stream);
    return $fd;
}

/* a stream: as it was given, non-blocking, until it is taken away */
[$a, $b] = pair();
$got = [];
same('add answers the descriptor', true, is_int($fd = Event::add($a, function (mixed ...$args) use (&$got, $a): void {
    $got[] = [$args === [$a], fread($a, 100)];
    if (end($got)[1] === '') {
        same('del in its callback', true, Event::del($a));
    }
})) && $fd > 2);
same('non-blocking', [false, ''], [stream_get_meta_data($a)['blocked'], fread($a, 1)]);
fwrite($b, 'one');
Timer::after(1, function () use ($b): void {
    fwrite($b, 'two');
    Timer::after(1, fn () => stream_socket_shutdown($b, STREAM_SHUT_WR));
});
Event::wait();
same('read', [[true, 'one'], [true, 'two'], [true, '']], $got);
same('isset: no more', false, Event::isset($a));

/* level-triggered: what is not read is told again */
[$a, $b] = pair();
fwrite($b, 'abc');
$calls = 0;
Event::add($a, function ($a) use (&$calls): void {
    fread($a, 1);
    if (++$calls === 3) {
        Event::del($a);
    }
});
Event::wait();
same('level-triggered', 3, $calls);

/* numbers, ext-sockets, a Process, and what they get */
[$a, $b] = pair();
fwrite($b, 'x');
$fd = fd($a);
Event::add($fd, function ($given) use (&$number): void {
    $number = $given;
    Event::del($given);
});
Event::wait();
same('a number gets a number', $fd, $number);

socket_create_pair(AF_UNIX, SOCK_STREAM, 0, $sockets);
socket_write($sockets[1], 'from a socket');
Event::add($sockets[0], function ($socket) use (&$object, $sockets): void {
    $object = [$socket === $sockets[0], socket_read($socket, 100)];
    Event::del($socket);
});
Event::wait();
same('a Socket of ext-sockets', [true, 'from a socket'], $object);

$child = new Process(function (Process $child): void {
    $child->write('hello ' . $child->read());
});
$child->start();
Event::add($child, function ($given) use (&$process, $child): void {
    $process = [$given === $child, $child->read()];
    Event::del($given);
});
$child->write('parent');
Event::wait();
same('a Process', [true, 'hello parent'], $process);
$child->write('x');
same('no longer watched', false, Event::isset($child->pipe));
Process::wait();

/* writing, changing, both kinds */
[$a, $b] = pair();
$log = [];
Event::add($a, function () use (&$log): void {
    $log[] = 'read';
}, function ($a) use (&$log): void {
    $log[] = 'write';
    same('set: reading only', true, Event::set($a, null, null, SWOOLE_EVENT_READ));
}, SWOOLE_EVENT_READ | SWOOLE_EVENT_WRITE);
same('isset by events', [true, true, true, true], [Event::isset($a), Event::isset($a, SWOOLE_EVENT_READ),
    Event::isset($a, SWOOLE_EVENT_WRITE), Event::isset($a, SWOOLE_EVENT_READ | SWOOLE_EVENT_WRITE)]);
Event::dispatch();
same('write only, when there is nothing to read', ['write'], $log);
same('isset after set', [true, false], [Event::isset($a, SWOOLE_EVENT_READ), Event::isset($a, SWOOLE_EVENT_WRITE)]);
fwrite($b, 'y');
same('another callback', true, Event::set($a, function ($a) use (&$log): void {
    $log[] = 'new ' . fread($a, 10);
    Event::del($a);
}));
Event::wait();
same('the new one is called', ['write', 'new y'], $log);

/* a write callback alone, default events: it has none for reading */
[$a, $b] = pair();
warns('no callback for reading', 'Swoole\Event::add(): ', fn () => Event::add($a, null, fn () => 0));
warns('no callback for writing', 'Swoole\Event::add(): ', fn () => Event::add($a, fn () => 0, null, SWOOLE_EVENT_WRITE));
warns('no callback for both', 'Swoole\Event::add(): ', fn () => Event::add($a, fn () => 0, null, SWOOLE_EVENT_READ | SWOOLE_EVENT_WRITE));
warns('no callback at all', 'Swoole\Event::add(): ', fn () => Event::add($a, null));
warns('no events', 'Swoole\Event::add(): ', fn () => Event::add($a, fn () => 0, null, 0));
warns('regular file', 'Swoole\Event::add(): ', fn () => Event::add(fopen(__FILE__, 'r'), fn () => 0));
warns('no such descriptor', 'Swoole\Event::add(): ', fn () => Event::add(987654, fn () => 0));
warns('negative', 'Swoole\Event::add(): ', fn () => Event::add(-1, fn () => 0));
warns('too large for a descriptor', 'Swoole\Event::add(): ', fn () => Event::add(PHP_INT_MAX, fn () => 0));
warns('a string', 'Swoole\Event::add(): ', fn () => Event::add('php://stdin', fn () => 0));
warns('an object without one', 'Swoole\Event::add(): ', fn () => Event::add(new stdClass(), fn () => 0));
warns('memory', 'Swoole\Event::add(): ', fn () => Event::add(fopen('php://memory', 'r'), fn () => 0));
throws('not callable', TypeError::class, null, fn () => Event::add($a, 'no_such_function'));
same('none of them is there', false, Event::isset($a));
same('added', true, Event::add($a, fn () => 0) > 0);
warns('twice', 'Swoole\Event::add(): already exist', fn () => Event::add($a, fn () => 0));
warns('set: no callback', 'Swoole\Event::set(): ', fn () => Event::set($a, null, null, SWOOLE_EVENT_WRITE));
same('set failed, all as before', [true, false], [Event::isset($a, SWOOLE_EVENT_READ), Event::isset($a, SWOOLE_EVENT_WRITE)]);
same('del', true, Event::del($a));
warns('set: not there', 'Swoole\Event::set(): ', fn () => Event::set($a, fn () => 0));
warns('del: not there', 'Swoole\Event::del(): ', fn () => Event::del($a));
silent('isset: not there', false, fn () => Event::isset($a));
silent('isset: no descriptor', false, fn () => Event::isset('x'));

/* closed without del */
[$a, $b] = pair();
Event::add($a, fn () => 0);
fclose($a);
silent('del of a closed one', true, fn () => Event::del($a));
silent('del of a closed one, again', false, fn () => Event::del($a));
[$a, $b] = pair();
$fd = Event::add($a, fn () => 0);
fclose($a);
[$c, $d] = pair();
same('its number is used again', true, in_array($fd, [fd($c), fd($d)], true));

/* Event::write: more than a socket takes, in order, while the other side reads */
[$a, $b] = pair();
$sent = '';
for ($i = 0; $i < 200; $i++) {
    $sent .= $piece = str_repeat(chr(65 + $i % 26), 10007);
    same("write $i", true, Event::write($a, $piece));
}
$received = '';
Event::add($b, function ($b) use (&$received, $sent): void {
    $received .= fread($b, 65536);
    if (strlen($received) >= strlen($sent)) {
        Event::del($b);
    }
});
Event::wait();
same('all of it, in order', md5($sent), md5($received));
warns('write: nothing', 'Swoole\Event::write(): ', fn () => Event::write($a, ''));
warns('write: no descriptor', 'Swoole\Event::write(): ', fn () => Event::write('x', 'y'));
fclose($b);
warns('write: nobody reads', 'Swoole\Event::write(): ', fn () => Event::write($a, 'y'));

/* one callback takes another one's descriptor away in the same turn */
[$a, $b] = pair();
[$c, $d] = pair();
fwrite($b, '1');
fwrite($d, '2');
$ran = 0;
$either = function () use (&$ran, $a, $c): void {
    $ran++;
    Event::del($a);
    Event::del($c);
};
Event::add($a, $either);
Event::add($c, $either);
Event::wait();
same('the other one is not called', 1, $ran);

/* del and add again in its own callback */
[$a, $b] = pair();
fwrite($b, '12');
$turns = [];
$second = function ($a) use (&$turns): void {
    $turns[] = 'second ' . fread($a, 1);
    Event::del($a);
};
Event::add($a, function ($a) use (&$turns, $second): void {
    $turns[] = 'first ' . fread($a, 1);
    Event::del($a);
    Event::add($a, $second);
});
Event::wait();
same('del and add', ['first 1', 'second 2'], $turns);

same('functions', ['swoole_event_add', 'swoole_event_set', 'swoole_event_del', 'swoole_event_isset', 'swoole_event_defer',
    'swoole_event_cycle', 'swoole_event_wait', 'swoole_event_exit', 'swoole_event_write', 'swoole_event_dispatch'],
    array_values(array_filter(['swoole_event_add', 'swoole_event_set', 'swoole_event_del', 'swoole_event_isset', 'swoole_event_defer',
    'swoole_event_cycle', 'swoole_event_wait', 'swoole_event_exit', 'swoole_event_write', 'swoole_event_dispatch'], 'function_exists')));
same('alias', true, is_a('swoole_event', Event::class, true));
[$a, $b] = pair();
fwrite($b, 'z');
swoole_event_add($a, function ($a): void {
    echo "ok by function\n";
    swoole_event_del($a);
});
swoole_event_wait();
