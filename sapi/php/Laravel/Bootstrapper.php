<?php

declare(strict_types=1);

namespace Rserverd\Laravel;

use Closure;

/** A bootstrapper of ours in the place of one of the framework's. */
final class Bootstrapper
{
    /** @param Closure(): void $do */
    public function __construct(private readonly Closure $do)
    {
    }

    public function bootstrap(object $app): void
    {
        ($this->do)();
    }
}
