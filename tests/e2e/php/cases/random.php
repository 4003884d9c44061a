<?php
// Everything that a fork could copy. Slow enough that three of them are never on one worker.
usleep(200000);
$letters = 'abcdefghijklmnopqrstuvwxyz0123456789';
$numbers = range(1, 1000);
shuffle($numbers);
echo json_encode([
    'pid' => getmypid(),
    'values' => [
        'mt_rand' => mt_rand(),
        'rand' => rand(),
        'str_shuffle' => str_shuffle($letters),
        'array_rand' => implode(',', (array) array_rand($numbers, 20)),
        'shuffle' => implode(',', array_slice($numbers, 0, 20)),
        'uniqid' => uniqid(),
        'uniqid_more' => uniqid('', true),
        'lcg_value' => lcg_value(),
        'random_int' => random_int(0, PHP_INT_MAX),
        'random_bytes' => bin2hex(random_bytes(8)),
        'randomizer' => (new Random\Randomizer())->getInt(0, PHP_INT_MAX),
        'session_id' => session_create_id(),
        'tempnam' => (static function () { $f = tempnam(sys_get_temp_dir(), 'rnd'); unlink($f); return $f; })(),
    ],
]);
