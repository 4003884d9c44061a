<?php

declare(strict_types=1);

namespace Rserverd\Illuminate;

use Illuminate\Container\Container;
use Illuminate\Http\Request;
use Symfony\Component\HttpFoundation\Response;
use Throwable;

/** What differs between the frameworks that are built on Illuminate: Laravel and Lumen. */
interface Framework
{
    /** As people call it. */
    public function name(): string;

    /** What bootstrap/app.php returned. */
    public function app(): Container;

    /**
     * Loads configuration and providers; a request made from app.url is bound for those that ask for one.
     *
     * @param \Closure(): ?ProviderClasses $configured called when the configuration is there and no provider has booted
     *                                                yet; null: all of them boot now
     */
    public function boot(\Closure $configured): void;

    /** What has to run before every request and event to boot the providers that boot there; null: nothing. */
    public function booter(): ?\Closure;

    /** Whether the container can make this service, also when nobody has asked for it yet. */
    public function provides(string $service): bool;

    /** The class of requests that public/index.php would capture. @return class-string<Request> */
    public function requestClass(): string;

    /** Makes the request the current one, as the framework itself does when it begins. */
    public function bind(Request $request): void;

    /**
     * What has to run before every request to register these providers again; null: nothing.
     *
     * @param list<class-string> $classes
     */
    public function registrar(array $classes): ?\Closure;

    /** Middleware, routing, exception handler. */
    public function respond(Request $request): Response;

    /** The answer when something failed before respond(). */
    public function failed(Request $request, Throwable $e): Response;

    /** The pattern of the route that the request has matched: "users/{id}"; null: none. */
    public function route(Request $request): ?string;

    /** Terminable middleware and callbacks, after the response has been sent. */
    public function terminate(Request $request, Response $response): void;
}
