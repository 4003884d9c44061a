<?php

declare(strict_types=1);

namespace App\Testing;

use Closure;
use Throwable;

/** PHP code that a test sends, run wherever the test wants it: in a request, a message, a task, a timer, a process. */
final class Code
{
    /** Its value; whatever it throws goes through. @param array<string, mixed> $scope its variables @param ?object $as its $this */
    public static function run(string $code, array $scope = [], ?object $as = null): mixed
    {
        $run = function () use ($code, $scope) {
            extract($scope);

            return eval($code . "\n;");
        };

        return $as ? Closure::bind($run, $as, $as::class)() : $run();
    }

    /** Its value or what it threw. @param array<string, mixed> $scope @return array<string, mixed> */
    public static function answer(string $code, array $scope = []): array
    {
        try {
            return ['value' => self::run($code, $scope)];
        } catch (\Swoole\ExitException $e) {
            throw $e; // exit() in a coroutine
        } catch (Throwable $e) {
            return ['throws' => $e::class, 'message' => $e->getMessage()];
        }
    }

    /** The code that a test left for this process, if there is some; each is taken once. */
    public static function inbox(string $name): ?string
    {
        $file = Report::file("inbox-$name");
        $mine = $file . '.' . getmypid();
        if (!is_file($file) || !@rename($file, $mine)) {
            return null;
        }
        $code = file_get_contents($mine);
        unlink($mine);

        return $code;
    }
}
