<?php

declare(strict_types=1);

namespace Rserverd\Illuminate\Cleaners;

use Rserverd\Illuminate\States;

/** Where views are looked for. What has been found may stay found, unless the request changed where to look. */
final class FinderCleaner
{
    private readonly States $places;

    private readonly States $found;

    public function __construct(object $view)
    {
        $finder = $view->getFinder();
        $this->places = (new States())->object($finder, ['views']);
        $this->found = (new States())->object($finder);
    }

    public function clean(): void
    {
        if ($this->places->restore()) {
            $this->found->restore();
        }
    }
}
