<?php

declare(strict_types=1);

namespace App\Services;

use App\Testing\Report;
use Illuminate\Contracts\Foundation\Application;
use Illuminate\Http\Request;
use Symfony\Component\HttpFoundation\Response;

/** Shows in the response, and reports when there is a tag, which laravels.* events fired and with which arguments. */
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
        $facts = ['received' => $events, 'status' => $response->getStatusCode(), 'bound' => $app['request'] === $request];
        $response->headers->set('X-Events', implode(' ', $events) . ' generated:' . $facts['status']);
        if ($request->query('tag') !== null) {
            Report::add('generated', ['tag' => $request->query('tag')] + $facts);
        }
    }
}
