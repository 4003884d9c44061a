<?php

declare(strict_types=1);

namespace App\Http\Controllers\Testing;

use App\Http\Controllers\Controller;
use Illuminate\Http\JsonResponse;
use Illuminate\Http\Request;

/** What hurts a process. */
class LimitController extends Controller
{
    public function memory(): string
    {
        ini_set('memory_limit', '96M');
        $hoard = [];
        while (true) {
            $hoard[] = str_repeat('x', 1 << 20);
        }
    }

    /** Burns CPU, for ever or until its own time limit. */
    public function loop(Request $request): string
    {
        if ($limit = (int) $request->query('limit', '0')) {
            set_time_limit($limit);
        }
        for ($i = 0; ; $i++) {
            $i %= 1000;
        }
    }

    /** A fatal error that no handler can turn into an exception. */
    public function fatal(): string
    {
        eval('class BrokenPromise implements Countable {}');

        return 'never';
    }

    public function slow(Request $request): JsonResponse
    {
        usleep(1000 * (int) $request->query('ms', '1000'));

        return new JsonResponse(['pid' => getmypid()]);
    }

    /** Streams until the client has left, and says in a file how it learnt that. */
    public function untilAbort(Request $request): mixed
    {
        $file = storage_path('app/' . basename((string) $request->query('file', 'aborted')));
        ignore_user_abort($request->boolean('ignore'));
        register_shutdown_function(static function () use ($file): void {
            file_put_contents($file, 'status ' . connection_status() . "\n", FILE_APPEND);
        });

        return response()->stream(static function () use ($file): void {
            for ($i = 0; $i < 200; $i++) {
                echo str_repeat('.', 1024);
                flush();
                if (connection_aborted()) {
                    file_put_contents($file, "seen\n", FILE_APPEND);
                    break;
                }
                usleep(20000);
            }
        });
    }
}
