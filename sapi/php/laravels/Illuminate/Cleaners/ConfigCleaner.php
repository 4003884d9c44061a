<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Illuminate\Cleaners;

use Closure;
use Illuminate\Container\Container;
use Rserverd\Illuminate\HasStates;
use Rserverd\Illuminate\States;
use stdClass;
use UnitEnum;

/**
 * The whole configuration goes back to what it was after boot: changed values, added ones, removed ones. Objects among
 * the values, at any depth, get their own properties back.
 */
class ConfigCleaner extends BaseCleaner implements HasStates
{
    /** @var States the repository, and the objects in it */
    private $states;

    /** @var list<array{stdClass, array<string, mixed>}> */
    private $records = [];

    public function __construct(Container $currentApp, Container $snapshotApp)
    {
        parent::__construct($currentApp, $snapshotApp);
        $config = $currentApp->make('config');
        $this->states = (new States())->object($config);
        $seen = [];
        $this->collect($config->all(), $seen);
    }

    public function clean()
    {
        $this->states->restore();
        $this->cleanRecords();
    }

    /** For objects without a class the engine keeps nothing: null when there are none, as nearly always. */
    public function afterStates(): ?Closure
    {
        return $this->records === [] ? null : $this->cleanRecords(...);
    }

    public function states(): States
    {
        return $this->states;
    }

    /** @param array<int, true> $seen object ids, since objects may refer to each other */
    private function collect(array $values, array &$seen): void
    {
        foreach ($values as $value) {
            if (is_array($value)) {
                $this->collect($value, $seen);
            } elseif (is_object($value) && !$value instanceof Closure && !$value instanceof UnitEnum
                && !$value instanceof Container && !isset($seen[spl_object_id($value)])) {
                $seen[spl_object_id($value)] = true;
                if ($value instanceof stdClass) {
                    $this->records[] = [$value, get_object_vars($value)];
                } else {
                    $this->states->object($value);
                }
                $this->collect((array) $value, $seen);
            }
        }
    }

    private function cleanRecords(): void
    {
        foreach ($this->records as [$record, $values]) {
            foreach (array_diff_key(get_object_vars($record), $values) as $name => $added) {
                unset($record->$name);
            }
            foreach ($values as $name => $value) {
                $record->$name = $value;
            }
        }
    }
}
