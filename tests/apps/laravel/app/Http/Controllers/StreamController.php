<?php

declare(strict_types=1);

namespace App\Http\Controllers;

use Illuminate\Contracts\View\View;
use Illuminate\Http\Request;
use Symfony\Component\HttpFoundation\StreamedResponse;

class StreamController extends Controller
{
    private const EVENTS = 5;

    public function page(): View
    {
        return view('events');
    }

    /** Server-sent events: each one leaves the moment it is flushed. */
    public function stream(Request $request): StreamedResponse
    {
        $pause = 1000 * min(5000, max(0, (int) $request->query('ms', '1000')));

        return response()->stream(static function () use ($pause): void {
            for ($i = 1; $i <= self::EVENTS && !connection_aborted(); $i++) {
                printf("id: %d\ndata: event %d of %d at %s\n\n", $i, $i, self::EVENTS, date('H:i:s'));
                flush();
                usleep($i < self::EVENTS ? $pause : 0);
            }
        }, 200, ['Content-Type' => 'text/event-stream', 'Cache-Control' => 'no-cache', 'X-Accel-Buffering' => 'no']);
    }
}
