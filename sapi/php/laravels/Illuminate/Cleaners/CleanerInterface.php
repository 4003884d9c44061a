<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Illuminate\Cleaners;

/**
 * A cleaner puts something back after every request.
 *
 * Its method is not declared, for there are two forms, and a class written for one would be a fatal error with the
 * other. LaravelS 3.5: clean(Container $app, Container $snapshot), made without arguments. LaravelS 3.7: clean(), made
 * with (Container $currentApp, Container $snapshotApp); see BaseCleaner.
 */
interface CleanerInterface
{
}
