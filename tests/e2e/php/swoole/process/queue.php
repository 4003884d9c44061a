<?php
/* PR5 - PR7: System V message queues. argv[1]: a key that nobody else uses. */
require __DIR__ . '/../memory/check.php';

use Swoole\Process;

$key = (int)$argv[1];
$limit = (int)file_get_contents('/proc/sys/kernel/msgmax');

$process = new Process(function (Process $p): void {
    while (($word = $p->pop()) !== 'end') {
        $p->push(strrev($word));
    }
    $p->push('bye');
}, false, 0);
warns('push without a queue', 'Swoole\Process::push(): ', fn () => $process->push('x'));
warns('pop without a queue', 'Swoole\Process::pop(): ', fn () => $process->pop());
warns('statQueue without a queue', 'Swoole\Process::statQueue(): ', fn () => $process->statQueue());
warns('freeQueue without a queue', 'Swoole\Process::freeQueue(): ', fn () => $process->freeQueue());
same('no queue', [null, null], [$process->msgQueueId, $process->msgQueueKey]);
same('useQueue', true, $process->useQueue($key, 2));
same('shown', [true, $key], [is_int($process->msgQueueId), $process->msgQueueKey]);

same('push', [true, true], [$process->push('one'), $process->push('three')]);
same('statQueue', ['queue_num' => 2, 'queue_bytes' => 8], $process->statQueue());
same('pop: the oldest', ['one', 'three'], [$process->pop(), $process->pop()]);
warns('push: empty', 'Swoole\Process::push(): ', fn () => $process->push(''));
warns('push: more than 64 KiB', 'Swoole\Process::push(): ', fn () => $process->push(str_repeat('x', 65537)));
if ($limit < 65536) {
    warns('push: more than the system takes', 'Swoole\Process::push(): ', fn () => $process->push(str_repeat('x', $limit + 1)));
}
same('push: as much as the system takes', true, $process->push(str_repeat('x', min($limit, 65536))));
same('pop: all of it', min($limit, 65536), strlen($process->pop()));
$process->push('a long one');
silent('pop: no room', false, fn () => $process->pop(3));
same('it stays', 'a long one', $process->pop());

/* with a child */
$process->start();
$process->push('abc');
until(fn () => $process->statQueue()['queue_num'] === 0 || $process->statQueue()['queue_bytes'] === 3);
Process::kill($process->pid, 0);
$other = new Process(fn () => 0, false, 0);
$other->useQueue($key, 2 | Process::IPC_NOWAIT);
until(function () use ($other, &$answer): bool {
    $answer = $other->pop();
    if ($answer === 'abc') {
        $other->push($answer); // we were faster than the child
        $answer = false;
    }
    return $answer !== false;
});
same('answered by the child', 'cba', $answer);
$process->push('end');
same('the child ended', 0, Process::wait()['code']);
same('its last word', 'bye', $other->pop());
silent('nowait, and there is none', false, fn () => $other->pop());
same('errno', 11, swoole_last_error());

/* full, without waiting */
$room = $other->statQueue()['queue_bytes'];
while ($other->push(str_repeat('x', 1000))) {
    $room += 1000;
}
same('full', 11, swoole_last_error());
same('something went in', true, $room > 0);
while ($other->pop() !== false) {
}

/* oriented: each gets what was pushed through its own object */
$a = new Process(fn () => 0, false, 0);
$b = new Process(fn () => 0, false, 0);
$a->useQueue($key, 1 | Process::IPC_NOWAIT);
$b->useQueue($key, 1 | Process::IPC_NOWAIT);
$a->push('for a');
$b->push('for b');
same('oriented', ['for b', 'for a', false, false], [$b->pop(), $a->pop(), $b->pop(), $a->pop()]);

/* balanced: each message once, whoever takes it */
$workers = [];
for ($i = 0; $i < 3; $i++) {
    $workers[$i] = new Process(function (Process $p): void {
        while (($word = $p->pop()) !== 'end') {
            $p->write($word);
        }
    });
    $workers[$i]->useQueue($key, 2);
    $workers[$i]->start();
}
for ($i = 0; $i < 60; $i++) {
    $workers[0]->push("m$i");
}
for ($i = 0; $i < 3; $i++) {
    $workers[0]->push('end');
}
while (Process::wait()) {
}
$got = [];
foreach ($workers as $worker) {
    $worker->setBlocking(false);
    while (($word = $worker->read()) !== false) {
        $got[] = $word;
    }
}
sort($got, SORT_NATURAL);
same('balanced', array_map(fn ($i) => "m$i", range(0, 59)), $got);

/* the key of a file, capacity, the end */
$named = new Process(fn () => 0, false, 0);
same('key 0', true, $named->useQueue());
same('is the file\'s', ftok(__FILE__, "\1"), $named->msgQueueKey);
$again = new Process(fn () => 0, false, 0);
$again->useQueue();
same('the same one', $named->msgQueueId, $again->msgQueueId);
same('freeQueue', [true, null], [$named->freeQueue(), $named->msgQueueId]);
silent('a queue that is gone: stat', false, fn () => $again->statQueue());
silent('a queue that is gone: pop', false, fn () => $again->pop());
warns('a queue that is gone: push', 'Swoole\Process::push(): ', fn () => $again->push('x'));
silent('a queue that is gone: free', false, fn () => $again->freeQueue());
same('capacity', true, $process->useQueue($key, 2, 4096));
same('free', true, $process->freeQueue());
