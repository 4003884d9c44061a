<?php

declare(strict_types=1);

namespace App\Listeners;

use Illuminate\Http\Request;
use Laravel\Lumen\Application;
use Symfony\Component\HttpFoundation\Response;

/** The server's two events: in the order in which they come, in a header. Under php-fpm there are none. */
class RecordRequests
{
    public function received(Request $request, Application $app): void
    {
        if ($request->query('listener_throws')) {
            throw new \RuntimeException('a listener fails');
        }
        $bound = $app->make('request') === $request && $app->make(Request::class) === $request ? 'bound' : 'unbound';
        $request->attributes->set('events', "received:$bound:{$request->path()}");
    }

    public function generated(Request $request, Response $response, Application $app): void
    {
        $response->headers->set('X-Events', $request->attributes->get('events') . " generated:{$response->getStatusCode()}");
    }
}
