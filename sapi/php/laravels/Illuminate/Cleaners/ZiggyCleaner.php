<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Illuminate\Cleaners;

use Tightenco\Ziggy\BladeRouteGenerator;

/** tightenco/ziggy: whether this page has its routes already. */
class ZiggyCleaner extends BaseCleaner
{
    public function clean()
    {
        BladeRouteGenerator::$generated = false;
    }
}
