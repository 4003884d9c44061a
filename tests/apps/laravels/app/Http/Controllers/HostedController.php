<?php

declare(strict_types=1);

namespace App\Http\Controllers;

use App\Services\Remembers;
use App\Testing\Code;
use App\Testing\Report;
use Illuminate\Http\JsonResponse;
use Illuminate\Http\Request;

class HostedController extends Controller
{
    /** The body is PHP code; the answer is its value, or what it threw. */
    public function code(Request $request): JsonResponse
    {
        return new JsonResponse(Code::answer($request->getContent(), ['request' => $request, 'server' => app('swoole')]));
    }

    /** What the cleaners and the providers of config/laravels.php make of a request. */
    public function state(Remembers $remembers): JsonResponse
    {
        return new JsonResponse([
            'remembered' => ++$remembers->requests,
            'provided' => app()->bound('provided') ? app('provided') : null,
            'pid' => getmypid(),
        ]);
    }

    public function session(Request $request): JsonResponse
    {
        return new JsonResponse($request->session()->all());
    }

    /** What a WebSocket's upgrade request comes to before it is one. */
    public function ws(Request $request): string
    {
        Report::add('route', ['path' => $request->path(), 'tag' => $request->query('tag')]);

        return 'websocket';
    }
}
