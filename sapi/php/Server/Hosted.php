<?php

declare(strict_types=1);

namespace Rserverd\Server;

use Illuminate\Container\Container;
use Illuminate\Http\Request;
use Rserverd\Application;
use Symfony\Component\HttpFoundation\Response;

/** What the server needs of the application that it hosts. */
interface Hosted extends Application
{
    public function app(): Container;

    public function scope(): Scope;

    /**
     * Runs the request of the superglobals as handle() does, but sends nothing: what the routes answer is returned.
     * Request, user and session stay bound until the scope ends.
     *
     * @param string $printed what they print meanwhile; known after an exit() too, when the scope ends
     *
     * @return array{Request, Response}
     */
    public function route(string &$printed): array;

    /**
     * What runs next runs in such a request.
     *
     * @param array<array-key, mixed> $query
     * @param array<array-key, mixed> $cookies
     * @param array<string, mixed>    $server
     */
    public function bind(array $query, array $cookies, array $server): void;

    /** What is there now is what every event starts from. */
    public function settle(): void;
}
