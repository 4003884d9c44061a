<?php

declare(strict_types=1);

namespace App\Services;

use Illuminate\Contracts\Foundation\Application;
use Illuminate\Http\Request;
use Symfony\Component\HttpFoundation\Response;

/** Shows in the response which laravels.* events fired, in which order, with which arguments. */
class EventRecorder
{
    public function received(Request $request, Application $app): void
    {
        $same = $app['request'] === $request ? 'bound' : 'not-bound';
        $request->attributes->set('events', ["received:$same:" . $request->path()]);
    }

    public function generated(Request $request, Response $response, Application $app): void
    {
        $events = $request->attributes->get('events', []);
        $events[] = 'generated:' . $response->getStatusCode() . ($app['request'] === $request ? '' : ':not-bound');
        $response->headers->set('X-Events', implode(' ', $events));
    }
}
