<?php

declare(strict_types=1);

namespace Rserverd\Illuminate\Cleaners;

use Carbon\AbstractTranslator;
use Carbon\Carbon;
use Carbon\CarbonImmutable;
use Carbon\CarbonInterval;
use Carbon\CarbonPeriod;
use Carbon\Factory;
use Carbon\FactoryImmutable;
use Rserverd\Illuminate\HasStates;
use Rserverd\Illuminate\States;

/** Carbon has a locale and a pretended present of its own: static up to Carbon 2, in a factory from 3 on. */
final class LocaleCleaner implements HasStates
{
    private const CLASSES = [Carbon::class, CarbonImmutable::class, CarbonInterval::class, CarbonPeriod::class,
        AbstractTranslator::class, Factory::class, FactoryImmutable::class];

    private readonly States $states;

    public function __construct()
    {
        $this->states = new States();
        if (class_exists(Carbon::class)) {
            // Made when first asked for; the messages it has loaded may stay.
            $this->states->object(Carbon::getTranslator(), ['messages']);
        }
        foreach (self::CLASSES as $class) {
            // What is not loaded has no state.
            if (class_exists($class, false)) {
                $this->states->class($class);
            }
        }
        if (method_exists(FactoryImmutable::class, 'getDefaultInstance')) {
            $this->states->object(FactoryImmutable::getDefaultInstance());
        }
    }

    public function states(): States
    {
        return $this->states;
    }
}
