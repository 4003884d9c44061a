<?php

declare(strict_types=1);

namespace App\Http\Controllers;

use App\Events\NoteWritten;
use App\Listeners\CountNotes;
use App\Models\Note;
use Illuminate\Http\Request;
use Laravel\Lumen\Routing\Controller;

class NoteController extends Controller
{
    /** Built for every request: a count that goes on would be a controller that stayed. */
    private int $calls = 0;

    public function __construct(private Request $request)
    {
        $this->middleware('tag:notes', ['only' => ['index']]);
    }

    public function index()
    {
        return ['user' => $this->request->user()->name, 'notes' => $this->request->user()->notes()->pluck('text'), 'calls' => ++$this->calls];
    }

    public function store(Request $request)
    {
        $this->validate($request, ['text' => 'required|max:20']);
        $note = $request->user()->notes()->create($request->only('text'));
        event(new NoteWritten($note->text));

        return response()->json(['id' => $note->id, 'seen' => CountNotes::$seen], 201);
    }

    public function show(Note $unused, int $id)
    {
        return Note::findOrFail($id);
    }
}
