<?php

declare(strict_types=1);

namespace App\Http\Controllers\Testing;

use App\Http\Controllers\Controller;
use App\Models\Note;
use Illuminate\Http\Request;
use Illuminate\Http\Response;
use Illuminate\Support\Facades\DB;
use RuntimeException;

/** Every way in which a request can end before, or after, its response. */
class EndController extends Controller
{
    public function exit(): never
    {
        header('X-Before: exit');
        http_response_code(203);
        exit('left in a controller');
    }

    public function exitInShutdown(): string
    {
        register_shutdown_function(static function (): never {
            exit('');
        });

        return 'returned';
    }

    /** exit() where the framework is in the middle of things that a finally block would have put right. */
    public function exitDeep(): never
    {
        DB::transaction(static fn () => Note::unguarded(static fn () => Note::withoutEvents(
            static fn () => app()->call(static function (): never {
                ob_start();
                echo 'left in a transaction';
                exit(0);
            })
        )));
    }

    public function dump(): never
    {
        dd(['dumped' => 'value']);
    }

    public function shutdown(Request $request): string
    {
        $file = storage_path('app/' . basename((string) $request->query('file', 'shutdown')));
        register_shutdown_function(static function () use ($file): void {
            file_put_contents($file, "ran\n", FILE_APPEND);
        });

        return 'returned';
    }

    public function exception(): never
    {
        throw new RuntimeException('thrown in a controller');
    }

    public function typeError(): int
    {
        return strlen(...)([]);
    }

    public function terminateThrows(): string
    {
        app()->terminating(static function (): never {
            throw new RuntimeException('thrown while terminating');
        });

        return 'returned';
    }

    /** Work after the answer, as php-fpm's applications do it. */
    public function finishEarly(Request $request): string
    {
        echo 'the whole answer';
        fastcgi_finish_request();
        usleep(1000 * (int) $request->query('ms', '500'));
        file_put_contents(storage_path('app/' . basename((string) $request->query('file', 'finished'))), 'later');

        return 'nobody sees this';
    }

    /** Informational responses before the answer, as Symfony's sendHeaders(103) makes them. */
    public function earlyHints(): Response
    {
        foreach (['</app.css>; rel=preload; as=style', '</app.js>; rel=preload; as=script'] as $link) {
            header("Link: $link", false);
            headers_send(103);
        }
        header_remove('Link');

        return response('the page')->header('Link', '</app.css>; rel=preload; as=style');
    }
}
