<?php

declare(strict_types=1);

namespace Rserverd;

/** What the engine drives: an application that is booted once and then run per request. */
interface Application
{
    /** Loads everything that workers can share; in the manager, or with boot = worker in each worker. */
    public function boot(): void;

    /** boot = worker: in the manager instead of boot(); must not load anything of the application's. */
    public function bootLater(): void;

    /** Once in every worker, before its first request. */
    public function workerStart(): void;

    /** One request: reads the superglobals, prints the response. May exit or throw. */
    public function handle(): void;

    /** After every request, however it ended: nothing of it may be left. Never throws. */
    public function clean(): void;

    /** After destructors that ran later than clean() and changed PHP itself: that is again as it was. Never throws. */
    public function settleProcess(): void;

    /**
     * A request of warm_up[], between boot and fork: as handle(), but nobody reads the answer, and no connection may stay open. May exit
     * or throw; clean() follows.
     */
    public function warm(): void;

    /** The worker has nothing to do for a moment. */
    public function idle(): void;
}
